using Tongxin.Fhir.FhirPath;

namespace Tongxin.Kernel.Programmes.Packages;

/// <summary>What an edition derives about one visit: inputs, dated thresholds, named expressions, published facts, the class table and the alerts.</summary>
public sealed record Rules
{
    public IReadOnlyList<RuleInput> Inputs { get; init; } = [];
    public IReadOnlyList<DatedTable> Tables { get; init; } = [];
    public IReadOnlyList<NamedExpression> Expressions { get; init; } = [];

    /// <summary>Expressions whose values are stored with the assessment, so that list, page and indicator read the same.</summary>
    public IReadOnlyList<NamedExpression> Facts { get; init; } = [];

    /// <summary>Code system of the class; null when the programme has no class.</summary>
    public string? ClassSystem { get; init; }

    public string ClassTitle { get; init; } = "分类";
    public IReadOnlyDictionary<string, string> Classes { get; init; } = new Dictionary<string, string>();

    /// <summary>Evaluated from the top; the first that holds decides.</summary>
    public IReadOnlyList<RuleRow> Rows { get; init; } = [];

    /// <summary>All that hold add to the decision: emergencies and warnings. They never change the class.</summary>
    public IReadOnlyList<RuleRow> Alerts { get; init; } = [];

    /// <summary>Ids of the forms that are judged; empty means every form of the programme.</summary>
    public IReadOnlyList<string> Forms { get; init; } = [];

    public bool Judges(string form) => Forms.Count is 0 || Forms.Contains(form);

    /// <summary>linkId of the answer with the next date set by hand; null when the form has none.</summary>
    public string? NextDateAnswer { get; init; }
}

/// <summary>A value the rules start from, shown as evidence under its title.</summary>
public sealed record RuleInput
{
    public required string Name { get; init; }
    public required string Title { get; init; }
    public string? Unit { get; init; }

    /// <summary>linkId of the visit's answer.</summary>
    public string? Answer { get; init; }

    /// <summary>Code of the programme whose last assessment before this visit is read: its class, or the <see cref="Fact"/>.</summary>
    public string? Assessment { get; init; }

    public string? Fact { get; init; }

    /// <summary><c>system|code</c> of the latest Observation up to this visit.</summary>
    public string? Observation { get; init; }

    public CalendarSpan? Within { get; init; }
    public FhirPathExpression? Expression { get; init; }

    /// <summary>A place on a reference curve: the value is the z-score.</summary>
    public CurveInput? Curve { get; init; }

    /// <summary>Not shown as evidence.</summary>
    public bool Silent { get; init; }
}

/// <summary>Where on a reference curve a measurement stands: of which group, at which age or length, which value.</summary>
public sealed record CurveInput(string Curve, FhirPathExpression Group, FhirPathExpression At, FhirPathExpression Value);

/// <summary>Thresholds that change by date. Each column of the row valid on the visit's day is <c>%table_column</c>.</summary>
public sealed record DatedTable(string Name, string? Clause, IReadOnlyList<DatedRow> Rows)
{
    public DatedRow? On(DateOnly day) => Rows.LastOrDefault(r => r.From <= day && !(r.To < day));
}

/// <summary>One validity period. Uncertain values are marked where they are shown.</summary>
public sealed record DatedRow(DateOnly From, DateOnly? To, IReadOnlyDictionary<string, object> Values, bool IsUncertain);

/// <summary>A named FHIRPath expression, used as <c>%name</c>.</summary>
public sealed record NamedExpression(string Name, string Title, FhirPathExpression Expression, string? Unit = null);

/// <summary>One row of a decision table.</summary>
public sealed record RuleRow
{
    public required string Id { get; init; }

    /// <summary>Null: always (the last row).</summary>
    public FhirPathExpression? When { get; init; }

    public string? Class { get; init; }

    /// <summary>Sentence with <c>{name}</c> for the values of inputs and expressions.</summary>
    public required string Reason { get; init; }

    public string? Action { get; init; }
    public Referral Referral { get; init; }

    /// <summary>Next visit at this distance from the visit; null leaves it to the service.</summary>
    public CalendarSpan? Next { get; init; }

    public string? Clause { get; init; }
}

/// <summary>Whether a rule asks for a referral (转诊) and how fast.</summary>
public enum Referral { None, Proposed, Urgent }

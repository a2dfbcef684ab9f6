using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Tongxin.Fhir.FhirPath;
using Tongxin.Fhir.Questionnaires;

namespace Tongxin.Kernel.Programmes.Packages;

/// <summary>One edition of one health programme, read and checked: enrolment, services, forms, rules, cases. Immutable.</summary>
public sealed record ProgrammePackage
{
    /// <summary>Code of the programme: stays the same over editions.</summary>
    public required string Code { get; init; }

    public required string Edition { get; init; }
    public required string Title { get; init; }
    public string TitleInEnglish { get; init; } = "";

    /// <summary>What lists and labels say: 高血压; the title where the package gives none.</summary>
    [AllowNull]
    public string ShortTitle { get => field ?? Title; init; }

    /// <summary>The same in English.</summary>
    [AllowNull]
    public string ShortTitleInEnglish { get => field ?? TitleInEnglish; init; }
    public required DateOnly From { get; init; }
    public DateOnly? To { get; init; }
    public required string Citation { get; init; }

    /// <summary>v3-ActCode of the compartment its resources are labelled with (<c>PSY</c>, <c>HIV</c>…); null for open programmes.</summary>
    public string? Sensitivity { get; init; }

    public required Enrolment Enrolment { get; init; }
    public required IReadOnlyList<ProgrammeService> Services { get; init; }

    /// <summary>Forms by id.</summary>
    public required IReadOnlyDictionary<string, Form> Forms { get; init; }

    public required Rules Rules { get; init; }

    /// <summary>Reference curves by id, as growth.</summary>
    public IReadOnlyDictionary<string, ReferenceCurve> Curves { get; init; } = new Dictionary<string, ReferenceCurve>();

    public IReadOnlyList<JsonElement> ValueSets { get; init; } = [];
    public required PackageSource Source { get; init; }

    /// <summary><c>url|edition</c> of its PlanDefinition.</summary>
    public string Canonical => $"{ProgrammeCodes.Canonical("PlanDefinition", Code)}|{Edition}";

    public bool IsValidOn(DateOnly day) => From <= day && !(To < day);

    /// <summary>The form whose answers the rules judge; null when the programme only schedules.</summary>
    public bool Serves(string formId) => Forms.ContainsKey(formId) || Services.Any(s => s.Form == formId || s.Points.Any(p => p.Form == formId));
}

/// <summary>Who belongs in a programme and when that ends.</summary>
public sealed record Enrolment
{
    /// <summary>True: enrolled without a hand, as everybody ≥ 65 is.</summary>
    public FhirPathExpression? Automatic { get; init; }

    /// <summary>True: proposed to the village doctor, who decides.</summary>
    public FhirPathExpression? Candidate { get; init; }

    /// <summary>True: a person may be enrolled by hand; absent allows everybody.</summary>
    public FhirPathExpression? Eligible { get; init; }

    public string? EligibleReason { get; init; }

    /// <summary>True: the enrolment is over (end of treatment, too old).</summary>
    public FhirPathExpression? Ends { get; init; }

    public string? EndReason { get; init; }
}

/// <summary>How a service comes due.</summary>
public enum ServiceKind
{
    /// <summary>By the class of the visit before, or by hand.</summary>
    ByClass,

    /// <summary>At a fixed distance after the visit before.</summary>
    Interval,

    /// <summary>Once in each calendar year.</summary>
    Yearly,

    /// <summary>At fixed distances from an anchor day (birth, last menstruation).</summary>
    Points,
}

/// <summary>One service of a programme that has to be given again and again, or at certain ages.</summary>
public sealed record ProgrammeService
{
    public required string Id { get; init; }
    public required string Title { get; init; }
    public required ServiceKind Kind { get; init; }

    /// <summary>Id of the form that records it; may belong to another programme.</summary>
    public required string Form { get; init; }

    /// <summary>Ids of other forms whose visit also counts as the one before: the first home visit sets the date of the first follow-up.</summary>
    public IReadOnlyList<string> Follows { get; init; } = [];

    /// <summary>Holds when the service is due at all; absent: always.</summary>
    public FhirPathExpression? When { get; init; }

    public CalendarSpan First { get; init; } = new(0, "day");
    public CalendarSpan Interval { get; init; } = new(3, "month");
    public CalendarSpan Early { get; init; } = new(14, "day");
    public CalendarSpan Late { get; init; } = new(14, "day");

    /// <summary>After a decision that asks to come back within <see cref="ShortIntervalDays"/>, only so many days late are on time.</summary>
    public CalendarSpan ShortLate { get; init; } = new(3, "day");

    public CalendarSpan Expires { get; init; } = new(120, "day");
    public FhirPathExpression? Anchor { get; init; }
    public IReadOnlyList<ServicePoint> Points { get; init; } = [];

    public const int ShortIntervalDays = 31;
}

/// <summary>One date of a fixed schedule.</summary>
public sealed record ServicePoint(string Id, string Title, CalendarSpan From, CalendarSpan To, CalendarSpan Due, string Form, CalendarSpan? Expires = null);

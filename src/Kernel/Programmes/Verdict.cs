using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Kernel.Programmes;

/// <summary>What an edition's rules say about one visit, and why: shown beside the form, stored as the assessment, counted by indicators.</summary>
public sealed record Verdict
{
    public required string Programme { get; init; }
    public required string Title { get; init; }
    public required string Edition { get; init; }
    public required string Citation { get; init; }

    /// <summary>Row of the decision table that held; null when no row did (information is missing).</summary>
    public string? Row { get; init; }

    /// <summary>Code of the class (此次随访分类); null when it could not be decided.</summary>
    public string? Class { get; init; }

    public string? ClassText { get; init; }

    /// <summary>One sentence with the numbers that decided.</summary>
    public string Reason { get; init; } = "";

    public string? Action { get; init; }
    public string? Clause { get; init; }

    /// <summary>Day of the next visit; null when the rules give none.</summary>
    public DateOnly? Next { get; init; }

    /// <summary>The day was set by hand and kept.</summary>
    public bool NextByHand { get; init; }

    /// <summary>The most urgent referral that the row and the alerts ask for.</summary>
    public Referral Referral { get; init; }

    public IReadOnlyList<Alert> Alerts { get; init; } = [];

    /// <summary>Inputs as evidence, in the order of the rules.</summary>
    public IReadOnlyList<Evidence> Inputs { get; init; } = [];

    /// <summary>Published facts by name: bool, decimal or text.</summary>
    public IReadOnlyList<Evidence> Facts { get; init; } = [];

    /// <summary>How it stands out beside the form, in the words of the design kit: <c>urgent</c> refers or alerts, <c>good</c> is in control, <c>due</c> wants a look.</summary>
    public string Tone => Referral is not Referral.None || Alerts.Count > 0 ? "urgent" : Facts.FirstOrDefault(f => f.Name is Satisfied) switch
    {
        { Value: true } when Class is InControl => "good",
        not null => "due",
        _ => "wait",
    };

    private const string Satisfied = "satisfied";
    private const string InControl = "1";

    /// <summary>Things the doctor should know: thresholds marked uncertain, a next date beyond the limit.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>An emergency or warning that holds beside the class.</summary>
public sealed record Alert(string Row, string Reason, string? Action, Referral Referral, string? Clause);

/// <summary>A named value with where it came from.</summary>
/// <param name="Value">bool, decimal or string.</param>
/// <param name="Source">Reference of the resource it was read from; null for computed values.</param>
public sealed record Evidence(string Name, string Title, object Value, string? Unit = null, string? Source = null)
{
    public string Text => Value switch
    {
        bool truth => truth ? "是" : "否",
        decimal number => number.ToString("0.####", System.Globalization.CultureInfo.InvariantCulture),
        _ => Value.ToString() ?? "",
    };
}

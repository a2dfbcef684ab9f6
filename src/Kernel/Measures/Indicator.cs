using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Measures;

/// <summary>One indicator (指标): a question about each person, whose answers are counted. The number is the size of a set.</summary>
/// <remarks>Comes from one <c>.sql</c> file with a front matter; becomes a FHIR <c>Measure</c>. Not a report: it has no layout.</remarks>
public sealed record Indicator
{
    /// <summary>Stable id, e.g. <c>hypertension-control</c>; unique among all modules.</summary>
    public required string Id { get; init; }

    /// <summary>中文 title as it stands in the norm.</summary>
    public required string Title { get; init; }

    public required string TitleInEnglish { get; init; }

    /// <summary>Module it belongs to, e.g. <c>Hypertension</c>.</summary>
    public required string Module { get; init; }

    /// <summary>Norm and clause that define it.</summary>
    public required string Norm { get; init; }

    /// <summary>Edition of this reading of the norm.</summary>
    public required string Edition { get; init; }

    /// <summary>First and last day for which this edition judges; null when open.</summary>
    public DateOnly? ValidFrom { get; init; }

    public DateOnly? ValidTo { get; init; }

    /// <summary>True when more is better.</summary>
    public bool HigherIsBetter { get; init; } = true;

    /// <summary>Share that is to be reached, 0–1; null when no target is set.</summary>
    public double? Target { get; init; }

    /// <summary>Whom the denominator counts, whom it leaves out, and what the numerator means: one Chinese sentence each.</summary>
    public required string Denominator { get; init; }

    public string? Exclusion { get; init; }

    public required string Numerator { get; init; }

    /// <summary>Compartments that a caller's role must open before he sees people behind it, e.g. <c>MentalHealth</c>.</summary>
    public SensitivityLabels Sensitivity { get; init; }

    /// <summary>1–3 for the numbers that stand on top of the cockpit; null for the rest.</summary>
    public int? Headline { get; init; }

    /// <summary>True for a detector: its numerator holds what looks wrong, and a hit is a question, not a verdict.</summary>
    public bool IsDetector { get; init; }

    /// <summary>Reason codes that the query answers, with their Chinese sentences.</summary>
    public required IReadOnlyDictionary<string, string> Reasons { get; init; }

    /// <summary>A single SELECT over the flat views: person, organisation, denominator, excluded, numerator, reason, evidence.</summary>
    public required string Sql { get; init; }
}

/// <summary>An indicator at one place and time. Null rate, not zero, when nobody was eligible.</summary>
/// <param name="Excluded">People of the denominator's rule whom an exclusion took out; not part of <paramref name="Denominator"/>.</param>
public sealed record Cell(string Indicator, string Organisation, DateOnly AsOf, long Denominator, long Numerator, long Excluded)
{
    public double? Rate => Denominator is 0 ? null : (double)Numerator / Denominator;
}

/// <summary>One person behind a cell, and why.</summary>
/// <param name="Reason">Code of <see cref="Indicator.Reasons"/>.</param>
/// <param name="Evidence">Reference of the resource that decided, e.g. <c>Observation/x</c>; null when it is the absence of one.</param>
public sealed record Member(string Person, string Organisation, bool Excluded, bool Numerator, string Reason, string? Evidence);

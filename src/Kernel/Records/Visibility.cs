using System.Collections.Frozen;

namespace Tongxin.Kernel.Records;

/// <summary>Which rows a statement may touch. The store adds it to every statement; there is no value that means "not decided".</summary>
/// <remarks>
/// Access makes it from a caller's policy. It is data, not a filter afterwards: the engines compile it into the WHERE of reads, search,
/// chains, includes, counts, sorts and history alike, so that what is not visible does not exist.
/// </remarks>
public abstract record Visibility
{
    private Visibility() { }

    /// <summary>Nothing: the refusal by default.</summary>
    public sealed record Nothing : Visibility;

    /// <summary>Everything: followers, rebuild, verify, backup. Never made from a request.</summary>
    public sealed record Everything : Visibility;

    /// <summary>By type, and within people's data by who cares for them and how sensitive the row is.</summary>
    public sealed record Scoped : Visibility
    {
        /// <summary>What is allowed of each resource type; a type that is absent is refused.</summary>
        public required FrozenDictionary<string, Reach> Types { get; init; }

        /// <summary>Ids of the Organizations whose people are reached through <see cref="Reach.Related"/>: the caller's own and those below.</summary>
        public required FrozenSet<string> Organisations { get; init; }

        /// <summary>Division codes of counties whose people are all reached (commission roles); usually empty.</summary>
        public required FrozenSet<string> Counties { get; init; }

        /// <summary>Ids of single people reached whatever their relation: the resident herself, her wards, a broken glass.</summary>
        public required FrozenSet<string> People { get; init; }

        /// <summary>Sensitivity labels the caller may read; a row with any other label is not visible.</summary>
        public required SensitivityLabels Labels { get; init; }
    }

    /// <summary>How much of one type is reached.</summary>
    public enum Reach
    {
        /// <summary>Rows that are nobody's: organisations, definitions, terminology. A row of a person is not among them, whatever its type.</summary>
        Shared,

        /// <summary>Rows of people whom the caller's organisations care for, whose county is reached, or who are named.</summary>
        Related,

        /// <summary>Both of these: letters, machines and deliveries are a person's or nobody's.</summary>
        RelatedOrShared,

        /// <summary>Every row, whoever's: an operator's token. Sensitivity still holds.</summary>
        Any,
    }
}

/// <summary>Sensitive compartments of a person's record, labelled when written (<c>meta.security</c>).</summary>
[Flags]
public enum SensitivityLabels
{
    None = 0,
    MentalHealth = 1,
    Hiv = 2,
    FamilyPlanning = 4,
    DomesticViolence = 8,
    Minors = 16,
    All = MentalHealth | Hiv | FamilyPlanning | DomesticViolence | Minors,
}

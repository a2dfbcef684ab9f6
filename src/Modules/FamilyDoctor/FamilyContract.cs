namespace Tongxin.Modules.FamilyDoctor;

/// <summary>Where a family-doctor contract (签约) stands on a day.</summary>
/// <remarks>Refused is no contract but the answer to the question: "应签尽签" counts who was asked and said no.</remarks>
public enum ContractState { Draft, Signed, Active, Renewed, ChangedTeam, Ended, Expired, Refused }

/// <summary>One promised line of a contract: an item and how often per contract year.</summary>
/// <param name="From">The package it came with, or <c>menu</c> when it was ordered (点单).</param>
public sealed record ContractLine(string Item, string From, int PerYear, decimal UnitPrice)
{
    public const string Menu = "menu";
}

/// <summary>One contract as its rules see it. The day decides between signed, active and expired; the record holds the rest.</summary>
public sealed record FamilyContract
{
    public required string Id { get; init; }
    public required string Patient { get; init; }
    /// <summary>State as recorded; see <see cref="StateOn"/> for what it is on a day.</summary>
    public required ContractState Kept { get; init; }
    public required DateOnly Start { get; init; }

    /// <summary>Last day on which it holds.</summary>
    public required DateOnly End { get; init; }
    public string Team { get; init; } = "";
    public string Edition { get; init; } = "";

    /// <summary>Organisation that leads the team, and the clinic of first contact.</summary>
    public IReadOnlyList<string> Organisations { get; init; } = [];

    /// <summary>The clinic of first contact; empty when there is none.</summary>
    public string Clinic => Organisations is [.., var last] ? last : "";

    public IReadOnlyList<string> Packages { get; init; } = [];
    public IReadOnlyList<ContractLine> Lines { get; init; } = [];

    /// <summary>Why it ended or was refused; null while it holds.</summary>
    public string? Reason { get; init; }

    public long Version { get; init; }

    public ContractState StateOn(DateOnly today) => Kept switch
    {
        ContractState.Active or ContractState.Signed when today > End => ContractState.Expired,
        ContractState.Active or ContractState.Signed => today < Start ? ContractState.Signed : ContractState.Active,
        var kept => kept,
    };

    /// <summary>First and last day of the contract year in which a day lies; the first year for days before it.</summary>
    public (DateOnly First, DateOnly Last) YearOf(DateOnly day)
    {
        var year = 0;
        while (Start.AddYears(year + 1) <= day && Start.AddYears(year + 1) <= End) year++;
        var last = Start.AddYears(year + 1).AddDays(-1);
        return (Start.AddYears(year), last < End ? last : End);
    }

    public int DaysLeft(DateOnly today) => End.DayNumber - today.DayNumber;
}

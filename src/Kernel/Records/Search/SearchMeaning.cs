using Tongxin.Kernel.Terminology;

namespace Tongxin.Kernel.Records.Search;

/// <summary>What must be known to understand a search besides its text.</summary>
public sealed record SearchMeaning
{
    /// <summary>Offset of dates that give none.</summary>
    public TimeSpan Zone { get; init; } = SearchIndex.ChinaStandardTime;

    /// <summary>Addresses under which this server is known, ending in a slash.</summary>
    public IReadOnlyList<string> Bases { get; init; } = [];

    /// <summary>For the prefix ap, whose width grows with the distance from now.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Codes of a value set for <c>:in</c> and <c>:not-in</c>; null when it is not known here.</summary>
    public Func<string, IReadOnlyList<SearchValue.Token>?> Expand { get; init; } = _ => null;

    /// <summary>Knows the value sets of the terminology besides.</summary>
    public SearchMeaning With(Codes codes) => this with
    {
        Expand = set => Members(codes, set),
        Subsumed = (token, below) => token is { System: { } system, Code: { } code }
            ? codes.Related(system, code, below)?.Select(c => new SearchValue.Token(system, c)).ToList()
            : null,
    };

    /// <summary>The code and all below it (true) or above it (false) in its system; null when the system is not known here.</summary>
    public Func<SearchValue.Token, bool, IReadOnlyList<SearchValue.Token>?> Subsumed { get; init; } = (_, _) => null;

    private static List<SearchValue.Token>? Members(Codes codes, string set)
    {
        List<SearchValue.Token> members = [];
        while (codes.Expand(set, offset: members.Count, count: Codes.MostPerExpansion) is { } page)
        {
            foreach (var concept in page.Concepts) members.Add(new(concept.System, concept.Code));
            if (page.Concepts.Count is 0 || members.Count >= page.Total || members.Count > CriterionReader.MostExpanded) return members;
        }

        return null;
    }
}

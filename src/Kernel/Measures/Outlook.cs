using System.Security.Cryptography;
using System.Text;
using Tongxin.Kernel.Access;

namespace Tongxin.Kernel.Measures;

/// <summary>A cell as somebody may see it.</summary>
/// <param name="Cell">Null when it is hidden or was never evaluated.</param>
public sealed record Shown(string Organisation, DateOnly AsOf, Cell? Cell, bool IsHidden);

/// <summary>A person of a list as somebody may see him.</summary>
/// <param name="Alias">Pseudonym: the same for one person as long as the derived file lives, of no use outside it.</param>
/// <param name="Person">Id of the Patient; null when only the pseudonym may be seen.</param>
/// <param name="Place">Organisation that may be told: his own, or for a pseudonym the one that was asked.</param>
public sealed record SeenMember(string Alias, string? Person, string Place, bool Numerator, string Reason, string? Evidence);

/// <summary>Makes the outlook of a caller.</summary>
public sealed class Outlooks(Board board, ColumnStore store)
{
    private readonly Lazy<byte[]> key = new(() => store.SecretOfPseudonyms());

    /// <summary>Null when the caller has no place in the tree.</summary>
    public Outlook? Of(Caller caller, Indicator indicator) =>
        board.Home(caller.Organisation) is { } home ? new(board, indicator, home, DetailRule.For(caller, indicator, home), key.Value) : null;
}

/// <summary>One indicator as one caller may see it: every cell and every list passes here before it is shown or sent.</summary>
/// <remarks>For counts, a hidden place stays hidden with everything below it, and reasons are told at the top only: no other table gives it away.</remarks>
public sealed class Outlook
{
    private const int AliasBytes = 5;
    private readonly Board board;
    private readonly byte[] key;

    internal Outlook(Board board, Indicator indicator, string home, Detail detail, byte[] key) =>
        (this.board, Indicator, Home, Detail, this.key) = (board, indicator, home, detail, key);

    public Indicator Indicator { get; }
    public string Home { get; }
    public Detail Detail { get; }

    /// <summary>The place asked for when it lies within the caller's; else the caller's own.</summary>
    public string Within(string? asked) => asked is { Length: > 0 } && board.IsWithin(asked, Home) ? asked : Home;

    public Shown At(string organisation, DateOnly asOf)
    {
        var hidden = IsHidden(organisation, asOf);
        return new(organisation, asOf, hidden ? null : board.At(Indicator.Id, organisation, asOf), hidden);
    }

    /// <summary>Many places at once: for who may see them all in a single question.</summary>
    public IReadOnlyDictionary<string, Shown> At(IReadOnlyList<string> organisations, DateOnly asOf)
    {
        if (Detail is Detail.Counts) return organisations.ToDictionary(o => o, o => At(o, asOf), StringComparer.Ordinal);
        var cells = board.At(Indicator.Id, organisations, asOf).ToDictionary(c => c.Organisation, StringComparer.Ordinal);
        return organisations.ToDictionary(o => o, o => new Shown(o, asOf, cells.GetValueOrDefault(o), false), StringComparer.Ordinal);
    }

    public IReadOnlyList<Shown> Course(string organisation, DateOnly from, DateOnly to) =>
        [.. board.Course(Indicator.Id, organisation, from, to).Select(c => Shown(c, IsHidden(organisation, c.AsOf)))];

    public IReadOnlyList<Shown> Below(string organisation, DateOnly asOf)
    {
        var row = board.Below(Indicator.Id, organisation, asOf);
        if (Detail is not Detail.Counts) return [.. row.Select(c => new Shown(c.Organisation, asOf, c, false))];
        var all = IsHidden(organisation, asOf);
        var hidden = SmallCells.Hidden(row);
        return [.. row.Select(c => all || hidden.Contains(c.Organisation) ? new(c.Organisation, asOf, null, true) : new Shown(c.Organisation, asOf, c, false))];
    }

    /// <summary>Empty where telling them would give away a hidden number.</summary>
    public IReadOnlyList<(string Reason, bool Numerator, long People)> Reasons(string organisation, DateOnly asOf)
    {
        var reasons = board.Reasons(Indicator.Id, organisation, asOf);
        if (Detail is not Detail.Counts) return reasons;
        return organisation != Home || IsHidden(organisation, asOf) || reasons.Any(r => SmallCells.IsSmall(r.People)) ? [] : reasons;
    }

    /// <summary>Empty for who sees counts only.</summary>
    public IReadOnlyList<SeenMember> People(string organisation, DateOnly asOf, bool? numerator, string? reason, int offset, int count) => Detail is Detail.Counts
        ? []
        : [.. board.People(Indicator.Id, organisation, asOf, numerator, reason, offset, count).Select(m => Seen(m, organisation))];

    /// <summary>Everybody of the cell, the excluded too; empty for who sees counts only.</summary>
    public IReadOnlyList<(SeenMember Seen, bool Excluded)> Everybody(string organisation, DateOnly asOf) => Detail is Detail.Counts
        ? []
        : [.. board.Everybody(Indicator.Id, organisation, asOf).Select(m => (Seen(m, organisation), m.Excluded))];

    /// <summary>The member of the cell behind an alias; null when there is none that the caller may see.</summary>
    public (SeenMember Seen, Member Member)? Find(string organisation, DateOnly asOf, string alias)
    {
        if (Detail is Detail.Counts) return null;
        for (var offset = 0; ; offset += Board.MostPeoplePerPage)
        {
            var page = board.People(Indicator.Id, organisation, asOf, null, null, offset, Board.MostPeoplePerPage);
            if (page.FirstOrDefault(m => Alias(m.Person) == alias) is { } found) return (Seen(found, organisation), found);
            if (page.Count < Board.MostPeoplePerPage) return null;
        }
    }

    /// <summary>The people of a list themselves, for the system's own hand and never for a page; nobody when the caller sees counts only.</summary>
    /// <param name="aliases">Null for everybody of the list.</param>
    internal IReadOnlyList<Member> Members(string organisation, DateOnly asOf, bool? numerator, string? reason, IReadOnlySet<string>? aliases, int most)
    {
        var found = new List<Member>();
        if (Detail is Detail.Counts) return found;
        for (var offset = 0; found.Count < most; offset += Board.MostPeoplePerPage)
        {
            var page = board.People(Indicator.Id, organisation, asOf, numerator, reason, offset, Board.MostPeoplePerPage);
            found.AddRange(page.Where(m => aliases is null || aliases.Contains(Alias(m.Person))).Take(most - found.Count));
            if (page.Count < Board.MostPeoplePerPage) break;
        }

        return found;
    }

    private static Shown Shown(Cell cell, bool isHidden) => new(cell.Organisation, cell.AsOf, isHidden ? null : cell, isHidden);

    private SeenMember Seen(Member m, string organisation) => Detail is Detail.Names
        ? new(Alias(m.Person), m.Person, m.Organisation, m.Numerator, m.Reason, m.Evidence)
        : new(Alias(m.Person), null, organisation, m.Numerator, m.Reason, m.Evidence is null ? null : m.Evidence[..m.Evidence.IndexOf('/', StringComparison.Ordinal)]);

    internal string Alias(string person) => Convert.ToHexString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(person)).AsSpan(0, AliasBytes));

    private bool IsHidden(string organisation, DateOnly asOf)
    {
        if (Detail is not Detail.Counts) return false;
        if (board.At(Indicator.Id, Home, asOf) is { } top && SmallCells.IsSmall(top)) return true;
        var path = board.Path(organisation, Home);
        if (path.Count is 0) return true;
        for (var i = 1; i < path.Count; i++)
            if (SmallCells.Hidden(board.Below(Indicator.Id, path[i - 1], asOf)).Contains(path[i])) return true;
        return false;
    }
}

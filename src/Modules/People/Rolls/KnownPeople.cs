using Tongxin.Kernel.Access;
using Tongxin.Kernel.People.Matching;
using Tongxin.Kernel.Terminology;
using Tongxin.Web.Components;
using Attribute = Tongxin.Kernel.People.Matching.Attribute;

namespace Tongxin.Modules.People.Rolls;

/// <summary>Whom the rows of a roll are compared with: people on record who share a name, telephone or birthday, asked for many rows at once, and the rows before.</summary>
internal sealed class KnownPeople(RecordAccess records, Pinyin pinyin)
{
    private const int PerPage = 1_000;
    private const int MostPages = 4;

    /// <summary>Characters of the values of one question; a search takes 8,192 in all, and a name of 64 characters sounds like 300.</summary>
    private const int LongestQuestion = 6_000;

    /// <summary>People of one key with whom a row is compared.</summary>
    private const int MostOfOneKey = 500;

    private readonly Dictionary<string, List<(RollEntry? Row, MatchRecord Record)>> rows = new(StringComparer.Ordinal);
    private readonly HashSet<string> made = new(StringComparer.Ordinal);
    private readonly List<RollEntry> entered = [];
    private Dictionary<string, List<(RollEntry? Row, MatchRecord Record)>> standing = [];

    /// <summary>Keys that more people bear than are compared.</summary>
    private readonly HashSet<string> common = new(StringComparer.Ordinal);

    /// <summary>Who bears one of the rows' numbers.</summary>
    public async Task<Dictionary<(string System, string Value), MatchRecord>> ByNumberAsync(Caller caller, IReadOnlyList<RollEntry> entries, CancellationToken cancel)
    {
        var found = new Dictionary<(string, string), MatchRecord>();
        if (entries.Count is 0) return found;
        var asked = string.Join(',', entries.SelectMany(e => e.Numbers).Select(n => $"{Escape(n.System)}|{Escape(n.Value)}"));
        foreach (var stored in (await records.SearchAsync(caller, "Patient", $"identifier={asked}&_count={PerPage}", cancel)).Matches)
        {
            var person = JsonReading.Parse(stored);
            var record = PatientReading.Record(person, pinyin);
            foreach (var identifier in person.Each("identifier"))
                if (identifier.Text("system") is { } system && identifier.Text("value") is { } value) found.TryAdd((system, value), record);
        }

        return found;
    }

    /// <summary>Fetches those whom the rows of a chunk may be.</summary>
    public async Task LookAsync(Caller caller, IReadOnlyList<RollEntry> entries, CancellationToken cancel)
    {
        standing = new(StringComparer.Ordinal);
        foreach (var entry in entered.Where(e => e.Id.Length > 0)) made.Add(entry.Id);
        entered.Clear();
        if (entries.Count is 0) return;
        var people = new Dictionary<string, MatchRecord>(StringComparer.Ordinal);
        foreach (var question in entries.SelectMany(Questions).GroupBy(q => q.Parameter))
            await AskAsync(caller, question.Key, [.. question.Select(q => (q.Key, q.Value)).Distinct()], people, cancel);
        foreach (var person in people.Values) Enter(standing, null, person);
    }

    /// <summary>Who looks like the row, on record or before it in the file; the likeliest first.</summary>
    public IReadOnlyList<Lookalike> Like(RollEntry entry, int most)
    {
        var found = new Dictionary<MatchRecord, (RollEntry? Row, PairScore Score)>(ReferenceEqualityComparer.Instance);
        foreach (var key in Keys(entry.Record))
            foreach (var (row, record) in standing.GetValueOrDefault(key, []).Concat(rows.GetValueOrDefault(key, [])))
                if (!found.ContainsKey(record)) found[record] = (row, PairScore.Of(entry.Record, record));
        return [.. found.Where(f => f.Value.Score.Decision is not MatchDecision.Strangers).OrderByDescending(f => f.Value.Score.Probability).Take(most)
            .Select(f => new Lookalike(f.Value.Row, f.Key.Id, f.Value.Score))];
    }

    public void Add(RollEntry entry)
    {
        Enter(rows, entry, entry.Record);
        entered.Add(entry);
    }

    /// <summary>True: somebody who shares the row's name, telephone or birthday was not compared with it, since too many do.</summary>
    public bool IsCut(RollEntry entry) => Keys(entry.Record).Any(common.Contains);

    // What has too many answers is asked in halves, so that one common name does not hide behind it those of other rows.
    private async Task AskAsync(Caller caller, string parameter, IReadOnlyList<(string Key, string Value)> values, Dictionary<string, MatchRecord> people, CancellationToken cancel)
    {
        if (values.Count > 1 && values.Sum(v => v.Value.Length) > LongestQuestion)
        {
            await HalvesAsync(caller, parameter, values, people, cancel);
            return;
        }

        var asked = string.Join(',', values.Select(v => Escape(v.Value)));
        string? cursor = null;
        for (var page = 0; page < MostPages; page++)
        {
            var query = $"{parameter}={asked}&active:not=false&_count={PerPage}{(cursor is null ? "" : $"&_cursor={Uri.EscapeDataString(cursor)}")}";
            var answer = await records.SearchAsync(caller, "Patient", query, cancel);
            foreach (var stored in answer.Matches.Where(m => !people.ContainsKey(m.Key.Id) && !made.Contains(m.Key.Id)))
                people.Add(stored.Key.Id, PatientReading.Record(JsonReading.Parse(stored), pinyin));
            if ((cursor = answer.Next) is null) return;
        }

        if (values.Count is 1) common.Add(values[0].Key);
        else await HalvesAsync(caller, parameter, values, people, cancel);
    }

    private async Task HalvesAsync(
        Caller caller, string parameter, IReadOnlyList<(string Key, string Value)> values, Dictionary<string, MatchRecord> people, CancellationToken cancel)
    {
        foreach (var half in values.Chunk((values.Count + 1) / 2)) await AskAsync(caller, parameter, half, people, cancel);
    }

    private void Enter(Dictionary<string, List<(RollEntry?, MatchRecord)>> index, RollEntry? row, MatchRecord record)
    {
        foreach (var key in Keys(record))
        {
            if (!index.TryGetValue(key, out var list)) index.Add(key, list = []);
            if (list.Count < MostOfOneKey) list.Add((row, record));
            else common.Add(key);
        }
    }

    private static IEnumerable<string> Keys(MatchRecord record)
    {
        if ((record.Sound ?? record[Attribute.Name]) is { } sound) yield return $"n{sound}";
        if (record[Attribute.Phone] is { } phone) yield return $"p{phone}";
        if (record[Attribute.BirthDate] is { } birth) yield return $"b{birth}";
    }

    private static IEnumerable<(string Parameter, string Key, string Value)> Questions(RollEntry entry)
    {
        if ((entry.Record.Sound ?? entry.Record[Attribute.Name]) is { Length: > 0 } sound) yield return ("name", $"n{sound}", sound);
        if (entry.Body["telecom"]?[0]?["value"]?.ToString() is { Length: > 0 } phone) yield return ("phone", $"p{entry.Record[Attribute.Phone]}", phone);
        if ((string?)entry.Body["birthDate"] is { Length: > 0 } birth) yield return ("birthdate", $"b{entry.Record[Attribute.BirthDate]}", birth);
    }

    private static string Escape(string text) => Uri.EscapeDataString(text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace(",", @"\,", StringComparison.Ordinal)
        .Replace("|", @"\|", StringComparison.Ordinal).Replace("$", @"\$", StringComparison.Ordinal));
}

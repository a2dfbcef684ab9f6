using System.Security.Cryptography;
using DuckDB.NET.Data;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Measures;

/// <summary>Freezes indicators of a county for a period and keeps them in the record (报表锁定).</summary>
/// <remarks>
/// Everything is counted in one snapshot of the flat views that holds at least what was committed when the freeze was asked: until the follower is there it
/// waits, and refuses when it does not come. Lists are written first, the signed reports last and all at once: a freeze that was interrupted does not exist.
/// </remarks>
public sealed class FrozenReports : IDisposable
{
    /// <summary>How long a freeze waits for the numbers to hold what was committed before it.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    public const int LongestNote = 400;

    /// <summary>Months back that can still be frozen.</summary>
    public const int MonthsBack = 12;

    // Small parts: whoever follows the feed reads some thousand resources at once.
    private const int PeoplePerPart = 1_000, PartsPerCommit = 20, ReportsPerPage = 500;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);
    private static readonly Caller Hand = Caller.System("frozen-reports");

    private readonly RecordAccess records;
    private readonly IRecordStore store;
    private readonly ColumnStore columns;
    private readonly IndicatorCatalogue catalogue;
    private readonly Board board;
    private readonly ProgrammesReached? programmes;
    private readonly TimeProvider clock;
    private readonly SemaphoreSlim turn = new(1, 1);

    internal FrozenReports(
        RecordAccess records, IRecordStore store, ColumnStore columns, IndicatorCatalogue catalogue, Board board, ProgrammesReached? programmes, TimeProvider clock)
    {
        (this.records, this.store, this.columns, this.catalogue) = (records, store, columns, catalogue);
        (this.board, this.programmes, this.clock) = (board, programmes, clock);
    }

    /// <summary>The county that the caller may freeze; null for everybody but a county's commission.</summary>
    public string? MayFreeze(Caller caller) =>
        caller is { Scopes: null, Role: Role.CountyCommission } && board.Home(caller.Organisation) is { } home && board.Counties(home).Contains(home) ? home : null;

    /// <summary>The last days of the periods that can be frozen, newest first: the months that have ended.</summary>
    public static IReadOnlyList<DateOnly> Periods(DateOnly today) =>
        [.. Enumerable.Range(0, MonthsBack).Select(m => new DateOnly(today.Year, today.Month, 1).AddMonths(-m).AddDays(-1))];

    /// <summary>The indicators that can be frozen for a day: those that hold on it; no detectors, whose hits are questions.</summary>
    public IReadOnlyList<Indicator> Freezable(DateOnly end) => [.. catalogue.All.Where(i => !i.IsDetector && Evaluation.IsValidOn(i, end))];

    /// <summary>Freezes the indicators that are not frozen yet for the period, and answers them.</summary>
    /// <remarks>Throws <see cref="RefusedException"/>: 404 who may not; 422 no period, no indicator, all frozen before; 503 the numbers do not hold everything yet.</remarks>
    /// <param name="indicators">Null for all.</param>
    public async Task<IReadOnlyList<FrozenReport>> FreezeAsync(Caller caller, DateOnly end, IReadOnlySet<string>? indicators, string? note, CancellationToken cancel)
    {
        var county = MayFreeze(caller) ?? throw RefusedException.Because(404, "not-found", "没有可以锁定的报表。");
        if (!Periods(LocalTime.Today(clock)).Contains(end)) throw RefusedException.Because(422, "value", $"只能锁定最近 {MonthsBack} 个已结束的月份。");
        if (note?.Length > LongestNote) throw RefusedException.Because(422, "too-long", $"说明不能超过 {LongestNote} 字。");
        var wanted = Freezable(end).Where(i => indicators?.Contains(i.Id) is not false).ToList();
        if (wanted.Count is 0) throw RefusedException.Because(422, "required", "请至少选一项指标。");
        await turn.WaitAsync(cancel);
        try
        {
            var frozen = (await OfCountyAsync(county, cancel)).Where(r => r.End == end).Select(r => r.Indicator).ToHashSet(StringComparer.Ordinal);
            wanted.RemoveAll(i => frozen.Contains(i.Id));
            if (wanted.Count is 0) throw RefusedException.Because(422, "duplicate", "这一期已经锁定，不能再锁。");
            await CaughtUpAsync(cancel);
            return await WriteAsync(caller, county, end, wanted, string.IsNullOrWhiteSpace(note) ? null : note.Trim(), cancel);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>The frozen reports of a county, newest period first.</summary>
    internal async Task<IReadOnlyList<FrozenReport>> OfCountyAsync(string county, CancellationToken cancel)
    {
        var (found, cursor) = (new List<FrozenReport>(), (string?)null);
        var query = $"identifier={Uri.EscapeDataString(FrozenBodies.System)}|&reporter=Organization/{county}&_count={ReportsPerPage}";
        do
        {
            var page = await records.SearchAsync(Hand, "MeasureReport", cursor is null ? query : $"{query}&_cursor={Uri.EscapeDataString(cursor)}", cancel);
            found.AddRange(page.Matches.Select(FrozenBodies.Read).OfType<FrozenReport>());
            cursor = page.Next;
        }
        while (cursor is not null);
        return [.. found.OrderByDescending(r => r.End).ThenBy(r => r.Indicator, StringComparer.Ordinal)];
    }

    /// <summary>The tree of a report with what was counted at each place.</summary>
    internal async Task<FrozenTree> TreeAsync(FrozenReport report, CancellationToken cancel) =>
        new(report.Indicator, report.End, FrozenLists.ReadPlaces(await PackedAsync(FrozenBodies.Places(report.List), cancel)));

    /// <summary>Everybody who was counted, by person. Throws <see cref="InvalidDataException"/> when the list or its tree is not what was signed.</summary>
    internal async Task<Dictionary<string, Member>> PeopleAsync(FrozenReport report, CancellationToken cancel)
    {
        var people = new Dictionary<string, Member>(StringComparer.Ordinal);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var part = 0; part < report.Parts; part++)
        {
            var packed = await PackedAsync(FrozenBodies.Part(report.List, part), cancel);
            digest.AppendData(packed);
            foreach (var member in FrozenLists.ReadPeople(packed)) people[member.Person] = member;
        }

        digest.AppendData(await PackedAsync(FrozenBodies.Places(report.List), cancel));
        if (Convert.ToHexStringLower(digest.GetHashAndReset()) != report.Digest)
            throw new InvalidDataException($"The list of {report.Id} is not the one that was signed.");
        return people;
    }

    /// <summary>A connection on which everything that was committed before is in the views; for the caller to close.</summary>
    internal DuckDBConnection Snapshot(DateOnly end)
    {
        var connection = columns.Open();
        Evaluation.Prepare(connection, end);
        ColumnStore.Run(connection, "BEGIN TRANSACTION READ ONLY");
        return connection;
    }

    private async Task<byte[]> PackedAsync(ResourceKey key, CancellationToken cancel) =>
        await records.ReadAsync(Hand, key, cancel) is { IsDeleted: false } stored
            ? FrozenBodies.Packed(stored) : throw new InvalidDataException($"The frozen list {key} is missing.");

    // What stands in the record at this moment must stand in the views too: a report is not signed over half of a day's work.
    private async Task CaughtUpAsync(CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        var written = await store.FeedGrewAsync(-1, cancel);
        // First what the programmes' rules say of it, then the views of both.
        await UntilAsync(() => (programmes?.Position ?? written) >= written, began, cancel);
        var derived = await store.FeedGrewAsync(-1, cancel);
        await UntilAsync(() => Position() >= derived, began, cancel);
    }

    private async Task UntilAsync(Func<bool> holds, long began, CancellationToken cancel)
    {
        while (!holds())
        {
            if (clock.GetElapsedTime(began) > LongestWait)
                throw RefusedException.Because(503, "transient", "指标还没有算到刚写入的数据，现在锁定会少算。请稍后再锁。");
            await Task.Delay(Glance, clock, cancel);
        }
    }

    public void Dispose() => turn.Dispose();

    private long Position() => columns.Read("SELECT position FROM progress", r => r.GetInt64(0)).FirstOrDefault();

    private async Task<IReadOnlyList<FrozenReport>> WriteAsync(
        Caller caller, string county, DateOnly end, List<Indicator> indicators, string? note, CancellationToken cancel)
    {
        using var connection = Snapshot(end);
        var position = ColumnStore.Read(connection, "SELECT position FROM progress", r => r.GetInt64(0))[0];
        var tree = ColumnStore.Read(connection, """
            SELECT o.id, o.parent, o.name, o.kind FROM organisation o JOIN above a ON a.organisation = o.id AND a.ancestor = $c ORDER BY o.id
            """, r => new FrozenPlace(r.GetString(0), r.IsDBNull(1) ? null : r.GetString(1), r.GetString(2), r.IsDBNull(3) ? "" : r.GetString(3), 0, 0, 0), ("c", county));
        var reports = new List<(FrozenReport Report, Indicator Indicator)>();
        foreach (var indicator in indicators)
        {
            var draft = new FrozenReport
            {
                Id = FrozenBodies.IdOf(county, end, indicator.Id), Indicator = indicator.Id, Edition = indicator.Edition, Definition = FrozenBodies.DefinitionOf(indicator),
                County = county, End = end, SignedBy = caller.Name, Signer = caller.Subject, SignedAt = clock.GetUtcNow(), Note = note, Position = position,
                List = $"frozen-{Guid.CreateVersion7():n}", Parts = 0, Digest = "",
            };
            reports.Add((await WriteListsAsync(draft, tree, Evaluation.Answers(connection, indicator), cancel), indicator));
        }

        await records.CommitAsync(Hand,
            [.. reports.Select(r => New(FrozenBodies.Report(r.Report, r.Indicator)))], new(Reason: $"{caller.Name} 锁定报表 {end:yyyy-MM-dd}，{reports.Count} 项指标"), cancel);
        await records.NoteFiguresAsync(caller, "freeze", $"{county} {end:yyyy-MM-dd} {string.Join(' ', reports.Select(r => r.Indicator.Id))}", [], cancel);
        return [.. reports.Select(r => r.Report)];
    }

    private async Task<FrozenReport> WriteListsAsync(FrozenReport draft, List<FrozenPlace> tree, IEnumerable<Member> people, CancellationToken cancel)
    {
        var counts = tree.ToDictionary(p => p.Id, StringComparer.Ordinal);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (parts, day) = (0, LocalTime.Today(clock));
        foreach (var some in people.Where(m => counts.ContainsKey(m.Organisation)).Chunk(PeoplePerPart * PartsPerCommit))
        {
            var changes = new List<Change>();
            foreach (var part in some.Chunk(PeoplePerPart))
            {
                foreach (var member in part) counts[member.Organisation] = Counted(counts[member.Organisation], member);
                var packed = FrozenLists.Write(part);
                digest.AppendData(packed);
                changes.Add(New(FrozenBodies.Basic(FrozenBodies.Part(draft.List, parts++), "people", packed, day)));
            }

            await records.CommitAsync(Hand, changes, new(), cancel);
        }

        var places = FrozenLists.Write(counts.Values);
        digest.AppendData(places);
        await records.CommitAsync(Hand, [New(FrozenBodies.Basic(FrozenBodies.Places(draft.List), "places", places, day))], new(), cancel);
        var total = new FrozenTree(draft.Indicator, draft.End, counts.Values).At(draft.County);
        return draft with { Parts = parts, Digest = Convert.ToHexStringLower(digest.GetHashAndReset()), Total = total };
    }

    private static FrozenPlace Counted(FrozenPlace place, Member member) => member.Excluded
        ? place with { Excluded = place.Excluded + 1 }
        : place with { Denominator = place.Denominator + 1, Numerator = place.Numerator + (member.Numerator ? 1 : 0) };

    private static Change New(System.Text.Json.Nodes.JsonObject body) =>
        new Change.Put(new((string)body["resourceType"]!, (string)body["id"]!), RecordReading.Bytes(body), IfNotPresent: true);
}

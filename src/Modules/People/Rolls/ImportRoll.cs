using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People.Matching;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Terminology;
using Tongxin.Web.Components;
using Attribute = Tongxin.Kernel.People.Matching.Attribute;

namespace Tongxin.Modules.People.Rolls;

/// <summary>花名册导入: each row becomes a resident, or is somebody on record already, or is refused with its reason; who looks like another goes onto the list of
/// possible duplicates.</summary>
/// <remarks>
/// Keeps no place of its own between runs: a row is found again by its identity number, or by a number derived from the row where it has none. So a
/// run that was stopped is simply started again, and a second run adds nobody. Nobody is merged and nobody on record is changed.
/// </remarks>
public sealed class ImportRoll(
    RecordAccess records, OrganisationTree tree, PossibleDuplicates pairs, Pinyin pinyin, TimeProvider clock)
{
    /// <summary>Identifier of a person who came without a number: what the row said, as a digest.</summary>
    public const string RowSystem = "https://tongxin.health/id/roll-row";

    internal const int Chunk = 50;
    private const int MostPairsOfOne = 5;
    private static readonly Caller Registrar = Caller.System("import-roll");

    /// <summary>Refuses 422 columns that cannot be read and a clinic that is not the caller's.</summary>
    public async Task<RollOutcome> HandleAsync(Caller caller, RollRequest request, IProgress<int>? progress, CancellationToken cancel)
    {
        if (request.Columns.Fault is { } fault) throw RefusedException.Because(422, "structure", fault);
        var organisations = await tree.GetAsync(cancel);
        if (organisations.Find(request.Clinic) is not { } clinic || (caller.Role is not Role.System && !organisations.DownFrom(caller.Organisation).Contains(clinic.Id)))
            throw RefusedException.Because(422, "value", "请选择本机构或下属的管理机构。", "clinic");
        var today = LocalTime.Today(clock);
        var places = organisations.DownFrom(clinic.Id).Select(organisations.Find).OfType<Organisation>().Where(o => o.IsOpenOn(today)).ToList();
        var run = new RollRun { Caller = caller, Request = request, Clinic = clinic, Places = places, Known = new(records, pinyin), Numbers = new(records, Registrar) };
        var rows = request.Lines.Skip(request.Columns.HeadLine + 1).ToList();
        for (var at = 0; at < rows.Count; at += Chunk)
        {
            await StepAsync(run, [.. rows.Skip(at).Take(Chunk)], today, cancel);
            progress?.Report(Math.Min(rows.Count, at + Chunk));
        }

        return new(rows.Count, run.New, run.Same, run.Doubtful, run.Repeated, [.. run.Refused.OrderBy(r => r.Line.Number)], run.Cut);
    }

    private async Task StepAsync(RollRun run, IReadOnlyList<RollLine> lines, DateOnly today, CancellationToken cancel)
    {
        var entries = lines.Select(line => Read(run, line, today)).OfType<RollEntry>().ToList();
        entries = await NewOnlyAsync(run, entries, cancel);
        await run.Known.LookAsync(run.Caller, entries, cancel);
        foreach (var entry in entries)
        {
            entry.Alike = run.Known.Like(entry, MostPairsOfOne);
            if (run.Known.IsCut(entry)) run.Cut.Add(entry.Line.Number);
            run.Known.Add(entry);
        }

        var made = run.Request.IsDryRun ? entries : await SaveAsync(run, entries, cancel);
        run.New += made.Count;
        run.Doubtful += made.Count(e => e.Alike.Count > 0);
    }

    private RollEntry? Read(RollRun run, RollLine line, DateOnly today)
    {
        var (form, dirt) = RollReading.Read(line, run.Request.Columns, run.Clinic, run.Places);
        var (body, issues) = form.Read(today);
        if (dirt.Count > 0 || body is null)
        {
            // What is wrong with a cell as such comes first, and its field is not scolded twice.
            run.Refused.Add(new(line, [.. dirt, .. issues.Where(i => !dirt.Any(d => string.Equals(d.Expression, i.Expression, StringComparison.OrdinalIgnoreCase)))]));
            return null;
        }

        var entry = RollEntry.Of(line, form, body, pinyin);
        if (!run.Seen.TryGetValue(entry.Key, out var first))
        {
            run.Seen.Add(entry.Key, (line.Number, entry.Name));
            return entry;
        }

        if (first.Name == entry.Name) run.Repeated++;
        else run.Refused.Add(new(line, [Issue.Error("duplicate", $"身份证号与第 {first.Row} 行相同，姓名却不同。", "number")]));
        return null;
    }

    // One question for all numbers of the chunk.
    private async Task<List<RollEntry>> NewOnlyAsync(RollRun run, List<RollEntry> entries, CancellationToken cancel)
    {
        var standing = await run.Known.ByNumberAsync(run.Caller, entries, cancel);
        var fresh = new List<RollEntry>();
        foreach (var entry in entries)
        {
            var found = entry.Numbers.Select(n => standing.GetValueOrDefault(n)).FirstOrDefault(f => f is not null);
            if (found is null)
            {
                if (await ElsewhereAsync(run.Caller, entry, cancel)) run.Refuse(entry, "number", "这个号码已经建档，由别处管理：请办理迁入，不要另建。");
                else fresh.Add(entry);
                continue;
            }

            var score = PairScore.Of(entry.Record, found);
            var isNamed = score.Attributes[(int)Attribute.Name].Agreement >= Agreement.Alike;
            if (Differ(entry.Record[Attribute.Identifier], found[Attribute.Identifier])) run.Refuse(entry, "recordNumber", "这个档案编号已经给了身份证号不同的另一个人。");
            else if (!isNamed) run.Refuse(entry, "number", "这个身份证号在档案中是另一个姓名：请核对号码和姓名。");
            else run.Same++;
        }

        return fresh;
    }

    private static bool Differ(string? a, string? b) => a is not null && b is not null && a != b;

    private async Task<bool> ElsewhereAsync(Caller caller, RollEntry entry, CancellationToken cancel)
    {
        if (caller.Role is Role.System) return false;
        foreach (var (system, value) in entry.Numbers)
            if (await records.IsRegisteredAsync(caller, system, value, cancel)) return true;
        return false;
    }

    private async Task<IReadOnlyList<RollEntry>> SaveAsync(RollRun run, List<RollEntry> entries, CancellationToken cancel)
    {
        if (entries.Count is 0) return entries;
        await run.Numbers.GiveAsync(entries, e => run.Places.First(p => p.Id == e.Form.Clinic), cancel);
        try
        {
            await CommitAsync(run.Caller, entries, cancel);
        }
        catch (RefusedException) when (entries.Count > 1)
        {
            // One of them is refused and took the others with it: each by itself.
            var made = new List<RollEntry>();
            foreach (var entry in entries) made.AddRange(await SaveAsync(run, [entry], cancel));
            return made;
        }
        catch (RefusedException refused)
        {
            run.Refused.Add(new(entries[0].Line, refused.Issues));
            return [];
        }

        foreach (var entry in entries)
            foreach (var alike in entry.Alike.Where(a => a.Id.Length > 0 && a.Id != entry.Id))
                await pairs.NoteAsync(entry.Id, alike.Id, alike.Score, cancel);
        return entries;
    }

    private async Task CommitAsync(Caller caller, List<RollEntry> entries, CancellationToken cancel)
    {
        var changes = entries.Select(e => (Change)new Change.Create("Patient", JsonWriting.Bytes(e.Body), $"identifier={e.Numbers[0].System}|{e.Numbers[0].Value}")).ToList();
        var committed = await records.CommitAsync(caller, changes, new(Reason: "花名册导入"), cancel);
        for (var e = 0; e < entries.Count; e++) entries[e].Id = committed[e].Stored.Key.Id;
    }
}

/// <summary>What is to be imported, and whether only to look.</summary>
/// <param name="Clinic">Manages those whose row names no place.</param>
public sealed record RollRequest(IReadOnlyList<RollLine> Lines, RollColumns Columns, string Clinic, bool IsDryRun);

/// <summary>A row that is not in the record, and why.</summary>
public sealed record RefusedRow(RollLine Line, IReadOnlyList<Issue> Issues);

/// <summary>What became of the rows. Every row is in exactly one of New, Same, Repeated and Refused.</summary>
/// <param name="Same">On record already.</param>
/// <param name="Doubtful">How many of the new look like somebody and stand on the list of possible duplicates.</param>
/// <param name="Repeated">Stand in the file more than once; the first counts.</param>
/// <param name="Cut">Rows of new people who were not compared with everybody who shares their name, telephone or birthday: too many do.</param>
public sealed record RollOutcome(int Rows, int New, int Same, int Doubtful, int Repeated, IReadOnlyList<RefusedRow> Refused, IReadOnlyList<int> Cut);

using Tongxin.Fhir.Model;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes.Packages;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Programmes;

/// <summary>One task that a person would gain or lose.</summary>
public sealed record DryRunLine(string Person, string Name, string Programme, string Task, DateOnly Due, bool IsGained);

/// <summary>What a package would change. Counts are of people; <see cref="Lines"/> is cut to the first.</summary>
/// <param name="IsWhole">False when not everybody was gone through.</param>
public sealed record DryRunReport(ProgrammePackage Package, int People, int Gaining, int Losing, IReadOnlyList<DryRunLine> Lines, bool IsWhole)
{
    public const int MostLines = 1_000;
}

/// <summary>Goes through people with the programmes as they are and as they would be, and tells who gains and who loses which task. Writes nothing.</summary>
public sealed class DryRun(RecordAccess records, InstalledProgrammes installed, IFhirModel model, TimeProvider clock)
{
    private static readonly Caller Self = Caller.System("programmes-dry-run");

    /// <summary>Throws <see cref="Fhir.RefusedException"/> as installing would.</summary>
    /// <param name="most">At most so many people are gone through.</param>
    public async Task<DryRunReport> OfAsync(PackageSource source, CancellationToken cancel, int most = int.MaxValue)
    {
        var (now, then) = (installed.Current, installed.Try(source));
        var package = PackageReader.Read(source);
        var (people, gaining, losing, lines) = (0, 0, 0, new List<DryRunLine>());
        string? cursor = null;
        do
        {
            var page = await records.SearchAsync(Self, new SearchRequest { Type = "Patient", Count = SearchRequest.MostPerPage, Cursor = cursor }, cancel);
            foreach (var stored in page.Matches)
            {
                if (people >= most) return Report(isWhole: false);
                if (await records.PersonAsync(Self, stored.Key.Id, cancel) is not { } record) continue;
                people++;
                var changes = Compare(record, now, then).ToList();
                if (changes.Exists(c => c.IsGained)) gaining++;
                if (changes.Exists(c => !c.IsGained)) losing++;
                lines.AddRange(changes.Take(DryRunReport.MostLines - lines.Count));
            }

            cursor = page.Next;
        }
        while (cursor is not null);

        return Report(isWhole: true);

        DryRunReport Report(bool isWhole) => new(package, people, gaining, losing, lines, isWhole);
    }

    private IEnumerable<DryRunLine> Compare(PersonRecord record, ProgrammeSet now, ProgrammeSet then)
    {
        var (before, after) = (Owed(record, now), Owed(record, then));
        var name = record.Patient.Each("name").Select(n => n.Text("text")).FirstOrDefault() ?? "";
        foreach (var (key, task) in after.Where(a => !before.ContainsKey(a.Key))) yield return Line(task, isGained: true);
        foreach (var (key, task) in before.Where(b => !after.ContainsKey(b.Key))) yield return Line(task, isGained: false);

        DryRunLine Line(ProgrammeTask task, bool isGained) => new(record.PatientId, name, task.Programme, task.Title, task.Window.Due, isGained);
    }

    private Dictionary<(string, string, DateOnly), ProgrammeTask> Owed(PersonRecord record, ProgrammeSet set)
    {
        var settled = record.With(Reconciliation.Of(record, set, LocalTime.Today(clock), model));
        var tasks = settled.Of("Task").Select(ProgrammeTask.Of).OfType<ProgrammeTask>().Where(t => t.IsOpen);
        return tasks.GroupBy(t => (t.Code, t.Title, t.Window.Due)).ToDictionary(g => g.Key, g => g.First());
    }
}

using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Programmes;

/// <summary>Gives people of a programme to another doctor (移交管理对象): who manages the care (EpisodeOfCare.careManager) and who owns what is owed now.</summary>
/// <remarks>What comes due later goes to the manager of the care by itself. Each <see cref="PeopleAtOnce"/> people are one commit.</remarks>
public sealed class HandOver(RecordAccess records, TimeProvider clock)
{
    public const int MostPeople = 500;
    public const int LongestReason = 200;
    private const int PeopleAtOnce = 20;
    private const int MostTries = 3;
    private const int MostRows = 1_000;

    /// <summary>How many were given; whoever is not in care is passed over.</summary>
    /// <remarks>Refuses (422) without a reason, to nobody known, and more than <see cref="MostPeople"/> people.</remarks>
    /// <param name="people">Ids of Patients.</param>
    /// <param name="to">Reference of the Practitioner.</param>
    public async Task<int> GiveAsync(Caller caller, string programme, IReadOnlyCollection<string> people, string to, string reason, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(reason)) throw RefusedException.Because(422, "required", "移交需要说明原因。");
        if (reason.Length > LongestReason) throw RefusedException.Because(422, "too-long", $"移交原因不能超过 {LongestReason} 字。");
        if (people.Count > MostPeople) throw RefusedException.Because(422, "too-costly", $"一次最多移交 {MostPeople} 人。");
        if (people.FirstOrDefault(p => !ResourceKey.IsLegalId(p)) is not null) throw RefusedException.Because(422, "not-found", "没有这位居民。");
        var name = await NameAsync(caller, to, cancel);
        var given = 0;
        foreach (var some in people.Distinct(StringComparer.Ordinal).Chunk(PeopleAtOnce)) given += await SomeAsync(caller, programme, some, (to, name), reason.Trim(), cancel);
        return given;
    }

    private async Task<string> NameAsync(Caller caller, string to, CancellationToken cancel)
    {
        var key = to.StartsWith("Practitioner/", StringComparison.Ordinal) && ResourceKey.IsLegalId(to[13..]) ? ResourceKey.Parse(to) : (ResourceKey?)null;
        var stored = key is { } practitioner ? await records.ReadAsync(caller, practitioner, cancel) : null;
        if (stored is null or { IsDeleted: true }) throw RefusedException.Because(422, "not-found", "没有这位医生。");
        return RecordReading.Parse(stored).Each("name").Select(n => n.Text("text") ?? n.Text("family")).FirstOrDefault() ?? to;
    }

    // Somebody may save a visit of one of them meanwhile: then it is read again.
    private async Task<int> SomeAsync(Caller caller, string programme, string[] people, (string Reference, string Name) to, string reason, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
            try
            {
                var patients = "patient=" + string.Join(',', people);
                var episodes = await records.SearchAsync(caller, "EpisodeOfCare",
                    $"{patients}&status=active&type={ProgrammeCodes.Programme}|{programme}&_count={MostRows}", cancel);
                var tasks = await records.SearchAsync(caller, "Task",
                    $"{patients}&group-identifier={ProgrammeCodes.Programme}|{programme}&status=requested,accepted,in-progress&_count={MostRows}", cancel);
                Change[] changes = [.. episodes.Matches.Select(e => Managed(e, to)), .. tasks.Matches.Select(t => Owned(caller, t, to, reason))];
                if (changes.Length > 0) await records.CommitAsync(caller, changes, new(Reason: $"移交：{reason}"), cancel);
                return episodes.Matches.Select(e => RecordReading.Parse(e).ReferenceTo("patient")).Distinct().Count();
            }
            catch (RefusedException stale) when (stale.Status is 412 && tries < MostTries)
            {
                // Read again.
            }
    }

    private static Change Managed(Stored episode, (string Reference, string Name) to)
    {
        var body = (JsonObject)JsonNode.Parse(episode.Body.Span)!;
        body["careManager"] = new JsonObject { ["reference"] = to.Reference, ["display"] = to.Name };
        return RecordReading.Put(body, episode.Version);
    }

    private Change Owned(Caller caller, Stored task, (string Reference, string Name) to, string reason)
    {
        var body = (JsonObject)JsonNode.Parse(task.Body.Span)!;
        body["owner"] = Json.Reference(to.Reference);
        if ((string?)body["status"] is "requested") body["status"] = "accepted";
        if (body["note"] is not JsonArray notes) body["note"] = notes = [];
        notes.Add(new JsonObject { ["authorString"] = caller.Name, ["time"] = ResourceBody.Instant(clock.GetUtcNow()), ["text"] = $"移交给{to.Name}：{reason}" });
        return RecordReading.Put(body, task.Version);
    }
}

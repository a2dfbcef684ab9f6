using System.Globalization;
using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;

namespace Tongxin.Kernel.Programmes;

/// <summary>A visit that was filled without the network and comes in later.</summary>
public sealed record QueuedVisit
{
    public required JsonElement Response { get; init; }

    /// <summary>Made when the visit was queued; the same key records once, however often it is sent.</summary>
    public required string Key { get; init; }

    /// <summary>Responses and their versions as they stood when the person's record was taken along.</summary>
    public IReadOnlyDictionary<string, string> Known { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The doctor saw the other visit and keeps both: its id.</summary>
    public string? Beside { get; init; }

    /// <summary>The doctor saw the other visit and corrects it: its id.</summary>
    public string? Corrects { get; init; }

    /// <summary>Version of the other visit that the doctor saw.</summary>
    public long? SeenVersion { get; init; }
}

/// <summary>What became of a queued visit. Nothing is lost in any case: whoever sent it keeps it until it is saved or he drops it.</summary>
public abstract record Replayed
{
    private Replayed() { }

    /// <summary>On the record, now or since an earlier try; with the referral that its rules drafted, when they did so now.</summary>
    public sealed record Saved(string Id, DateOnly? Next, string? Referral = null) : Replayed;

    /// <summary>Somebody else recorded or corrected a visit with the same form meanwhile; both are shown and the doctor decides.</summary>
    public sealed record Conflict(JsonElement Theirs, string? Author) : Replayed;

    /// <summary>The form has another edition now: to be opened in it, looked over, and sent again.</summary>
    public sealed record Held(string Sentence, string FormId) : Replayed;

    /// <summary>Wrong answers, or a rule that stands against it; each issue names its field.</summary>
    public sealed record Refused(IReadOnlyList<Issue> Issues) : Replayed;
}

/// <summary>Visits without the network: what a doctor takes along, and what comes back. Not the queue itself, which lives in the browser.</summary>
public sealed class QueuedVisits(RecordAccess records, FollowUps visits, InstalledProgrammes programmes, TimeProvider clock)
{
    /// <summary>Null when the person is not there or may not be seen.</summary>
    public Task<PersonRecord?> TakeAlongAsync(Caller caller, string patientId, CancellationToken cancel) => records.PersonAsync(caller, patientId, cancel);

    /// <summary>Responses with their versions: what <see cref="QueuedVisit.Known"/> is later compared with.</summary>
    public static IReadOnlyDictionary<string, string> KnownOf(PersonRecord record) =>
        record.Of("QuestionnaireResponse").ToDictionary(r => r.Key, VersionOf, StringComparer.Ordinal);

    /// <summary>Throws <see cref="RefusedException"/> (404) when the person is not there; everything else is told as a <see cref="Replayed"/>.</summary>
    public async Task<Replayed> ReplayAsync(Caller caller, string patientId, QueuedVisit queued, CancellationToken cancel)
    {
        var record = await records.PersonAsync(caller, patientId, cancel) ?? throw RefusedException.Because(404, "not-found", "没有此人，或您无权查看。");
        var own = StableId.Of("visit", caller.Subject, patientId, queued.Key);
        if (record.Find($"QuestionnaireResponse/{own}") is not null) return new Replayed.Saved(own, null);
        if (Held(queued.Response) is { } held) return held;
        if (Other(record, queued, caller.Subject) is { } other) return new Replayed.Conflict(other, await NameAsync(caller, other, cancel));
        try
        {
            var saved = await visits.SaveAsync(caller, patientId, Bearing(queued), queued.Key, cancel, queued.Corrects is null ? null : queued.SeenVersion);
            return new Replayed.Saved(saved.Response.Id, saved.Decision.Next, saved.Decision.ReferralDrafted);
        }
        catch (RefusedException refused) when (refused.Status is 422)
        {
            return new Replayed.Refused(refused.Issues);
        }
    }

    private Replayed.Held? Held(JsonElement response)
    {
        var canonical = response.Text("questionnaire");
        var formId = string.Join('+', Visit.FormsOf(canonical));
        var day = Visit.DateOf(response) ?? LocalTime.Today(clock);
        if (programmes.Current.Form(formId, day) is not { } form) return new($"表单“{formId}”已停用。答案还在本机；请改用现行表单补录后再删除。", formId);
        return form.Canonical == canonical ? null : new($"《{form.Title}》已换成 {form.Version} 版。请打开核对一遍再提交；已填的答案都在。", formId);
    }

    /// <summary>The latest visit with one of the same forms that came or changed since, and that the doctor has not seen. His own of another day is none.</summary>
    private static JsonElement? Other(PersonRecord record, QueuedVisit queued, string me)
    {
        var forms = Visit.FormsOf(queued.Response.Text("questionnaire"));
        var day = Visit.DateOf(queued.Response);
        foreach (var standing in record.Of("QuestionnaireResponse"))
        {
            if (standing.Text("status") is not ("completed" or "amended") || queued.Known.GetValueOrDefault(standing.Key) == VersionOf(standing)) continue;
            if (!Visit.FormsOf(standing.Text("questionnaire")).Intersect(forms, StringComparer.Ordinal).Any()) continue;
            if (standing.ReferenceTo("author") == me && Visit.DateOf(standing) != day) continue;
            if ((queued.Beside ?? queued.Corrects) == standing.Text("id") && VersionOf(standing) == Said(queued.SeenVersion)) continue;
            return standing;
        }

        return null;
    }

    private static JsonElement Bearing(QueuedVisit queued)
    {
        if (queued.Corrects is null) return queued.Response;
        var response = System.Text.Json.Nodes.JsonObject.Create(queued.Response)!;
        response["id"] = queued.Corrects;
        return JsonSerializer.SerializeToElement(response);
    }

    private async Task<string?> NameAsync(Caller caller, JsonElement response, CancellationToken cancel)
    {
        if (response.ReferenceTo("author") is not { } author || !author.StartsWith("Practitioner/", StringComparison.Ordinal)) return null;
        return await records.ReadAsync(caller, Records.ResourceKey.Parse(author), cancel) is { IsDeleted: false } found
            ? RecordReading.Parse(found).Each("name").Select(n => n.Text("text")).FirstOrDefault() : null;
    }

    private static string VersionOf(JsonElement resource) => resource.Member("meta")?.Text("versionId") ?? "";

    private static string? Said(long? version) => version?.ToString(CultureInfo.InvariantCulture);
}

using System.Text.Json;
using Tongxin.Fhir.Questionnaires;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Programmes;

/// <summary>A visit as it stands in the record, with what it means: its answers, verdicts, the referral it proposed. Read through the door.</summary>
public sealed record RecordedVisit
{
    public required JsonElement Response { get; init; }
    public required Filling Filling { get; init; }

    /// <summary>Version of the response, for correcting what was seen.</summary>
    public required long Version { get; init; }

    /// <summary>Empty when it was withdrawn or no programme judges it.</summary>
    public IReadOnlyList<Verdict> Verdicts { get; init; } = [];

    /// <summary>Ids and states of the referrals that it proposed, sent or not.</summary>
    public IReadOnlyList<(string Id, string Status)> Referrals { get; init; } = [];

    public bool IsVoid => Response.Text("status") is "entered-in-error";
    public DateOnly? Date => Visit.DateOf(Response);

    /// <summary>Why it was withdrawn; null while it stands.</summary>
    public string? VoidReason => Response.ExtensionAt(ProgrammeCodes.VoidReason)?.Text("valueString");
}

/// <summary>One version of a visit in its history.</summary>
/// <param name="Author">Reference of who wrote it.</param>
/// <param name="Changes">Against the version before; empty for the first.</param>
public sealed record VisitVersion(long Version, DateTimeOffset At, string? Author, string? Status, string? VoidReason, IReadOnlyList<AnswerChange> Changes);

/// <summary>Reads recorded visits: one as it stands, one as somebody saw it, and its whole history.</summary>
public sealed class VisitReading(RecordAccess records, InstalledProgrammes programmes, Fhir.Model.IFhirModel model, TimeProvider clock)
{
    private const int MostVersions = 50;

    /// <summary>Null when the visit is not there, not of that person, or may not be seen.</summary>
    public async Task<RecordedVisit?> ReadAsync(Caller caller, string patientId, string responseId, CancellationToken cancel)
    {
        if (await StoredAsync(caller, patientId, responseId, cancel) is not { } stored || await records.PersonAsync(caller, patientId, cancel) is not { } record) return null;
        var response = RecordReading.Parse(stored);
        if (Filling(record, response) is not { } filling) return null;
        var today = LocalTime.Today(clock);
        var reference = $"QuestionnaireResponse/{responseId}";
        return new()
        {
            Response = response, Filling = filling, Version = stored.Version,
            Verdicts = Visit.Of(response) is { } visit ? FollowUp.Judge(record, programmes.Current, visit, today, model) : [],
            Referrals = [.. record.Of("ServiceRequest")
                .Where(r => r.Text("status") is not "entered-in-error" && r.Each("supportingInfo").Any(s => s.Text("reference") == reference))
                .Select(r => (r.Text("id")!, r.Text("status")!))],
        };
    }

    /// <summary>The answers of an earlier version; null when that version is not there.</summary>
    public async Task<Filling?> AsOfAsync(Caller caller, string patientId, string responseId, long version, CancellationToken cancel)
    {
        if (await StoredAsync(caller, patientId, responseId, cancel) is null || await records.PersonAsync(caller, patientId, cancel) is not { } record) return null;
        var stored = await records.ReadVersionAsync(caller, new("QuestionnaireResponse", responseId), version, cancel);
        return stored is { IsDeleted: false } ? Filling(record, RecordReading.Parse(stored)) : null;
    }

    /// <summary>Newest first, with what each correction changed.</summary>
    public async Task<IReadOnlyList<VisitVersion>> HistoryAsync(Caller caller, string patientId, string responseId, CancellationToken cancel)
    {
        if (await StoredAsync(caller, patientId, responseId, cancel) is null || await records.PersonAsync(caller, patientId, cancel) is not { } record) return [];
        var page = await records.HistoryAsync(caller, new("QuestionnaireResponse", responseId, null, null, MostVersions, null), cancel);
        var versions = page.Versions.Where(v => !v.IsDeleted).OrderBy(v => v.Version).Select(v => (Stored: v, Body: RecordReading.Parse(v))).ToList();
        var told = new List<VisitVersion>();
        Filling? before = null;
        foreach (var (stored, body) in versions)
        {
            var filling = Filling(record, body);
            var changes = before is null || filling is null ? [] : AnswerChanges.Between(before, filling);
            var why = body.ExtensionAt(ProgrammeCodes.VoidReason)?.Text("valueString");
            told.Add(new(stored.Version, stored.LastUpdated, body.ReferenceTo("author"), body.Text("status"), why, changes));
            before = filling ?? before;
        }

        told.Reverse();
        return told;
    }

    private async Task<Stored?> StoredAsync(Caller caller, string patientId, string responseId, CancellationToken cancel)
    {
        var stored = ResourceKey.IsLegalId(responseId) ? await records.ReadAsync(caller, new("QuestionnaireResponse", responseId), cancel) : null;
        return stored is { IsDeleted: false } && RecordReading.Parse(stored).ReferenceTo("subject") == $"Patient/{patientId}" ? stored : null;
    }

    private Filling? Filling(PersonRecord record, JsonElement response)
    {
        var today = LocalTime.Today(clock);
        return programmes.Current.FormOf(response.Text("questionnaire"), today) is { } form
            ? Fhir.Questionnaires.Filling.Read(form, response, FollowUp.Context(record, form, today, model, null)) : null;
    }
}

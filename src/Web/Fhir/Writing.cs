using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.Fhir;

/// <summary>create, update, delete and their conditional forms (FHIR R4 §3.1.0.4–8): one change through the door.</summary>
internal static class Writing
{
    public static Task<Answer> CreateAsync(FhirServer server, FhirCall call, CancellationToken cancel) =>
        CommitAsync(server, call, Create(call), cancel);

    public static Task<Answer> UpdateAsync(FhirServer server, FhirCall call, CancellationToken cancel) =>
        CommitAsync(server, call, Update(call), cancel);

    public static Task<Answer> UpdateWhereAsync(FhirServer server, FhirCall call, CancellationToken cancel) =>
        CommitAsync(server, call, UpdateWhere(call), cancel);

    public static Task<Answer> DeleteAsync(FhirServer server, FhirCall call, CancellationToken cancel) =>
        CommitAsync(server, call, Delete(call), cancel);

    public static Task<Answer> DeleteWhereAsync(FhirServer server, FhirCall call, CancellationToken cancel) =>
        CommitAsync(server, call, DeleteWhere(call), cancel);

    public static async Task<Answer> CommitAsync(FhirServer server, FhirCall call, Change change, CancellationToken cancel)
    {
        if (!call.IsEntry) Shape.Read(call, whatElse: change is Change.PutWhere or Change.DeleteWhere);
        var done = await server.Record.CommitAsync(call.Caller, [change], new CommitOptions(call.IdempotencyKey), cancel);
        return Tell(done[0], call.Prefer.Return ?? "representation");
    }

    public static Change Create(FhirCall call, string? fullUrl = null) =>
        new Change.Create(call.Address.Type, call.Body, Empty(call.IfNoneExist), fullUrl);

    public static Change Update(FhirCall call, string? fullUrl = null) =>
        new Change.Put(call.Address.Key, call.Body, FhirServer.VersionOf(call.IfMatch, "If-Match"), call.IfNoneMatch is "*", fullUrl) { IsIdOfClient = true };

    public static Change UpdateWhere(FhirCall call, string? fullUrl = null) =>
        new Change.PutWhere(call.Address.Type, Condition(call), call.Body, FhirServer.VersionOf(call.IfMatch, "If-Match"), fullUrl);

    public static Change Delete(FhirCall call, string? fullUrl = null) =>
        new Change.Delete(call.Address.Key, FhirServer.VersionOf(call.IfMatch, "If-Match"), fullUrl);

    public static Change DeleteWhere(FhirCall call, string? fullUrl = null) =>
        new Change.DeleteWhere(call.Address.Type, Condition(call), fullUrl);

    /// <summary>What a change became, as the response that FHIR wants for it.</summary>
    /// <param name="wanted">minimal, representation or OperationOutcome.</param>
    public static Answer Tell(Committed done, string wanted)
    {
        var stored = done.Stored;
        var answer = done.Outcome switch
        {
            CommitOutcome.Created => new Answer(201) { Version = stored, Location = Place(stored) },
            CommitOutcome.Updated or CommitOutcome.Unchanged => new Answer(200) { Version = stored, Location = Place(stored) },
            CommitOutcome.Deleted => new Answer(204) { Version = stored },
            _ => new Answer(204),
        };
        if (wanted is "OperationOutcome")
            return answer with { Status = answer.Status is 204 ? 200 : answer.Status, Body = FhirJson.AllIsWell(Sentence(done)) };
        return wanted is "minimal" || stored.IsDeleted ? answer : answer with { Body = stored.Body };
    }

    private static string Sentence(Committed done) => done.Outcome switch
    {
        CommitOutcome.Created => $"{done.Stored.Key} was made.",
        CommitOutcome.Updated => $"{done.Stored.Key} is now at version {done.Stored.Version}.",
        CommitOutcome.Unchanged => $"{done.Stored.Key} stands already.",
        CommitOutcome.Deleted => $"{done.Stored.Key} is deleted.",
        _ => "There was nothing to delete.",
    };

    private static string Place(Stored stored) => $"{stored.Key.Type}/{stored.Key.Id}/_history/{stored.Version}";

    private static string? Empty(string? header) => string.IsNullOrWhiteSpace(header) ? null : header.TrimStart('?');

    private static string Condition(FhirCall call) => call.Query.Length > 0
        ? call.Query
        : throw RefusedException.Because(412, "required", $"{call.Method} on a type needs a search in the address that says which {call.Address.Type} is meant.");
}

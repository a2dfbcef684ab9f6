using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>Writes how a Subscription stands (FHIR R4 §2.46.4: requested, active, error, off) into it.</summary>
internal static class SubscriptionStatus
{
    /// <param name="error">Sentence for <c>Subscription.error</c>; null takes it away.</param>
    public static async Task MarkAsync(RecordAccess record, Caller caller, ResourceKey key, string status, string? error, CancellationToken cancel)
    {
        try
        {
            var stored = await record.ReadAsync(caller, key, cancel);
            if (stored is null or { IsDeleted: true } || JsonNode.Parse(stored.Body.Span) is not JsonObject body) return;
            body["status"] = status;
            if (error is null) body.Remove("error");
            else body["error"] = error;
            await record.CommitAsync(caller, [new Change.Put(key, PlainJson.Bytes(body), stored.Version)], new(), cancel);
        }
        catch (RefusedException refused) when (refused.Status is 409 or 412)
        {
            // Whoever changed the Subscription meanwhile has the last word.
        }
    }
}

using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.Fhir;

/// <summary>batch and transaction (FHIR R4 §3.1.0.11): a transaction is one commit, all or nothing; the entries of a batch stand alone.</summary>
internal static class Bundles
{
    public const int LargestBody = 128 * 1024 * 1024;

    /// <summary>As many as one commit may hold.</summary>
    public const int MostEntries = 10_000;

    /// <summary>Entries of a batch at work at a time; the store gathers their commits into one transaction of the engine.</summary>
    private const int AtOnce = 16;

    public static async Task<Answer> ProcessAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        if (call.IsEntry) throw RefusedException.Because(400, "not-supported", "A bundle within a bundle is not processed.");
        Shape.Read(call);
        using var body = BodyReader.Read(call.Body, "Bundle", LargestBody);
        var type = body.Root.TryGetProperty("type"u8, out var kind) && kind.ValueKind is JsonValueKind.String ? kind.GetString() : null;
        if (type is not ("batch" or "transaction"))
            throw RefusedException.Because(400, "value", "A Bundle sent here is a batch or a transaction; others are stored under Bundle.", "Bundle.type");
        var entries = BundleEntry.ReadAll(call, body.Root);
        var answers = type is "transaction"
            ? await TransactionAsync(server, call, entries, cancel)
            : await BatchAsync(server, call, entries, cancel);
        return new(200) { Body = Write(call, type, entries, answers) };
    }

    /// <summary>All changes in one commit, then the reads, which see it (FHIR R4 §3.1.0.11.2).</summary>
    private static async Task<Answer[]> TransactionAsync(FhirServer server, FhirCall call, IReadOnlyList<BundleEntry> entries, CancellationToken cancel)
    {
        var answers = new Answer[entries.Count];
        if (entries.FirstOrDefault(e => e.Refusal is not null) is { } refused) throw refused.Refusal!;
        var writes = entries.Where(e => e.IsWrite).OrderBy(e => e.Order).ToList();
        if (writes.Count > 0)
        {
            var changes = new List<Change>(writes.Count);
            foreach (var entry in writes) changes.Add(await entry.ChangeAsync(server, cancel));
            var done = await server.Record.CommitAsync(call.Caller, changes, new CommitOptions(call.IdempotencyKey), cancel);
            foreach (var (entry, became) in writes.Zip(done)) answers[entry.Index] = Writing.Tell(became, call.Prefer.Return ?? "minimal");
        }

        foreach (var entry in entries.Where(e => !e.IsWrite))
        {
            try
            {
                answers[entry.Index] = await server.AnswerAsync(entry.Call!, cancel);
            }
            catch (RefusedException wrong)
            {
                // The commit stands: a read that finds nothing cannot undo it and says so in its own entry.
                answers[entry.Index] = Answer.Refusal(wrong);
            }
        }

        return answers;
    }

    private static async Task<Answer[]> BatchAsync(FhirServer server, FhirCall call, IReadOnlyList<BundleEntry> entries, CancellationToken cancel)
    {
        var answers = new Answer[entries.Count];
        foreach (var step in entries.GroupBy(e => e.Order).OrderBy(g => g.Key))
        {
            await Parallel.ForEachAsync(step, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (entry, stop) =>
                answers[entry.Index] = await AloneAsync(server, call, entry, stop));
        }

        return answers;
    }

    private static async Task<Answer> AloneAsync(FhirServer server, FhirCall call, BundleEntry entry, CancellationToken cancel)
    {
        try
        {
            if (entry.Refusal is { } refusal) throw refusal;
            if (!entry.IsWrite || entry.Call!.Method is "PATCH") return await server.AnswerAsync(entry.Call!, cancel);
            var change = await entry.ChangeAsync(server, cancel);
            var key = call.IdempotencyKey is { } whole ? $"{whole}#{entry.Index}" : null;
            var done = await server.Record.CommitAsync(call.Caller, [change], new CommitOptions(key), cancel);
            return Writing.Tell(done[0], call.Prefer.Return ?? "minimal");
        }
        catch (RefusedException refused)
        {
            return Answer.Refusal(refused);
        }
    }

    private static ReadOnlyMemory<byte> Write(FhirCall call, string type, IReadOnlyList<BundleEntry> entries, Answer[] answers)
    {
        var bundle = new BundleWriter(type + "-response", answers.Sum(a => a.Body.Length + 256));
        bundle.Links(call.Base.TrimEnd('/'), null);
        foreach (var entry in entries)
        {
            var answer = answers[entry.Index];
            var isResource = answer is { Status: < 400, Body.Length: > 0 } && !(entry.IsWrite && call.Prefer.Return is "OperationOutcome");
            bundle.BeginEntry(isResource && answer.Version is { } version ? call.Base + version.Key : null);
            if (isResource) bundle.Resource(answer.Body.Span);
            bundle.Response(Status(answer.Status), answer.Version, answer.Location, isResource ? default : answer.Body);
            bundle.EndEntry();
        }

        return bundle.End();
    }

    private static string Status(int status) => status switch
    {
        200 => "200 OK",
        201 => "201 Created",
        204 => "204 No Content",
        304 => "304 Not Modified",
        _ => status.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}

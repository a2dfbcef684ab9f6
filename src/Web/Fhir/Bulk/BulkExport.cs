using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Web.Fhir.Bulk;

/// <summary>Writes what the caller of an export may see as NDJSON, type by type, through the same door as every search.</summary>
internal sealed class BulkExport(RecordAccess record, string folder, Func<BulkJob, BulkJob> save)
{
    /// <summary>Resources in one file: some hundred megabytes at most.</summary>
    public const int MostPerFile = 250_000;

    private const string ErrorFile = "errors.ndjson";

    public async Task<BulkJob> RunAsync(BulkJob job, CancellationToken cancel)
    {
        foreach (var type in job.Parts.Except(job.PartsDone, StringComparer.Ordinal).ToList())
        {
            try
            {
                var files = await WriteAsync(job, type, cancel);
                job = save(job with { Files = [.. job.Files, .. files], PartsDone = [.. job.PartsDone, type] });
            }
            catch (RefusedException refused) when (refused.Status is 403)
            {
                job = save(await TellAsync(job, type, refused, cancel) with { PartsDone = [.. job.PartsDone, type] });
            }
        }

        return job;
    }

    // What was not asked for by name and may not be seen is simply not there.
    private async Task<BulkJob> TellAsync(BulkJob job, string type, RefusedException refused, CancellationToken cancel)
    {
        if (!job.PartsWereNamed) return job;
        await using var stream = new FileStream(Path.Combine(folder, ErrorFile), FileMode.Append);
        await stream.WriteAsync(NdJson.Line(FhirJson.Outcome([.. refused.Issues.Select(i => i with { Diagnostics = $"{type}: {i.Diagnostics}" })])), cancel);
        return job with { Errors = [new("OperationOutcome", ErrorFile, job.Errors.Sum(e => e.Count) + 1)] };
    }

    private async Task<List<BulkFile>> WriteAsync(BulkJob job, string type, CancellationToken cancel)
    {
        var files = new List<BulkFile>();
        FileStream? stream = null;
        long count = 0;
        try
        {
            await foreach (var stored in FindAsync(job, type, cancel))
            {
                if (stream is null || count >= MostPerFile)
                {
                    Close(ref stream, files, type, count);
                    (stream, count) = (new FileStream(Path.Combine(folder, NameOf(type, files.Count)), FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 18), 0);
                }

                await stream.WriteAsync(NdJson.Line(stored.Body), cancel);
                count++;
            }
        }
        finally
        {
            Close(ref stream, files, type, count);
        }

        return files;
    }

    private static void Close(ref FileStream? stream, List<BulkFile> files, string type, long count)
    {
        if (stream is null) return;
        stream.Dispose();
        stream = null;
        files.Add(new(type, NameOf(type, files.Count), count));
    }

    private static string NameOf(string type, int number) => $"{type}.{number + 1}.ndjson";

    private async IAsyncEnumerable<Stored> FindAsync(BulkJob job, string type, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        // Of everybody in one walk, or of each person in turn.
        foreach (var person in job.People ?? [""])
        {
            var request = new SearchRequest { Type = type, Count = SearchRequest.MostPerPage, Criteria = [.. Criteria(job, type, person)] };
            do
            {
                var page = await record.SearchAsync(job.Caller, request, cancel);
                foreach (var stored in page.Matches)
                    if (!job.OfPeople || type is "Patient" || stored.Body.Span.IndexOf("\"Patient/"u8) >= 0) yield return stored;
                request = request with { Cursor = page.Next };
            }
            while (request.Cursor is not null);
        }
    }

    private static IEnumerable<Criterion> Criteria(BulkJob job, string type, string person)
    {
        if (job.Since is { } since) yield return new Criterion.UpdatedWithin(Prefix.Ge, since, since.AddMilliseconds(1));
        if (person.Length is 0) yield break;
        yield return type is "Patient" ? new Criterion.IdIs([person]) : new Criterion.InCompartment(Compartments.Parameters("Patient", type), new("Patient", person));
    }
}

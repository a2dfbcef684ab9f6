using Tongxin.Kernel.Access;

namespace Tongxin.Web.Fhir.Bulk;

/// <summary>Imports files of the server's inbox, as <c>tongxin import</c> does: in parallel, resumable, what could not be taken told row by row.</summary>
internal static class BulkImport
{
    private const string ErrorFile = "errors.csv";

    public static async Task<BulkJob> RunAsync(RecordAccess record, BulkJob job, string inbox, string folder, CancellationToken cancel)
    {
        var files = job.Parts.Select(name => Path.Combine(inbox, name)).ToList();
        // The job's own folder and id: asked again, the same files are another import; gone on with after a restart, they are the same.
        using var state = ImportState.Open(folder, job.Id, files, anew: false);
        using var errors = new ErrorReport(Path.Combine(folder, ErrorFile));
        var run = new ImportRun(record, state, errors, new Progress<(string, long)>());
        await run.RunAsync(files, cancel);
        return job with
        {
            PartsDone = job.Parts,
            Files = [new("Parameters", "imported", run.Resources)],
            Errors = errors.Count is 0 ? [] : [new("OperationOutcome", ErrorFile, errors.Count)],
        };
    }
}

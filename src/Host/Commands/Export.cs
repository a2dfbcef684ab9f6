using System.CommandLine;
using System.IO.Compression;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Records.Search;
using Tongxin.Web.Fhir.Bulk;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin export</c>: what stands in the record as NDJSON, one file for each type, as FHIR bulk data has it. Not a backup: history stays behind.</summary>
internal static class Export
{
    public static Command Command
    {
        get
        {
            var command = new Command("export", "Write the record as NDJSON, one file for each type");
            var folder = new Option<DirectoryInfo>("--to") { Description = "Folder for the files; made when it is not there", Required = true };
            var packed = new Option<bool>("--gzip") { Description = "Pack the files" };
            command.Options.Add(folder);
            command.Options.Add(packed);
            var record = RecordOptions.AddTo(command);
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                var target = Directory.CreateDirectory(result.GetValue(folder)!.FullName).FullName;
                await using var services = await RecordApplication.OpenAsync(record.Engine(result), cancel);
                var access = services.GetRequiredService<RecordAccess>();
                var count = await Counting.ShownAsync("Exporting", progress => WriteAllAsync(access, target, result.GetValue(packed), progress, cancel));
                Console.WriteLine($"{count} resources are in {target}");
            }));
            return command;
        }
    }

    private static async Task<long> WriteAllAsync(RecordAccess access, string folder, bool isPacked, IProgress<long> progress, CancellationToken cancel)
    {
        var caller = Caller.System("export");
        long count = 0;
        foreach (var type in FirelyModel.ResourceTypes.Order(StringComparer.Ordinal))
        {
            var request = new SearchRequest { Type = type, Count = SearchRequest.MostPerPage };
            var page = await access.SearchAsync(caller, request, cancel);
            if (page.Matches.Count is 0) continue;
            // Under another name until it is whole: a run that was stopped must not look like a small record.
            var path = Path.Combine(folder, type + (isPacked ? ".ndjson.gz" : ".ndjson"));
            await using (var stream = Open(path + ".part", isPacked))
            {
                while (true)
                {
                    foreach (var resource in page.Matches) await stream.WriteAsync(NdJson.Line(resource.Body), cancel);
                    progress.Report(count += page.Matches.Count);
                    if (page.Next is null) break;
                    page = await access.SearchAsync(caller, request with { Cursor = page.Next }, cancel);
                }
            }

            File.Move(path + ".part", path, overwrite: true);
        }

        return count;
    }

    private static Stream Open(string path, bool isPacked)
    {
        var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 18);
        return isPacked ? new GZipStream(file, CompressionLevel.Optimal) : file;
    }
}

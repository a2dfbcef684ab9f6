using System.CommandLine;
using System.Diagnostics;
using Spectre.Console;
using Tongxin.Web.Fhir.Bulk;
using Tongxin.Kernel.Access;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin import</c>: bundles, single resources and NDJSON, plain or packed, from files and folders into the record.</summary>
internal static class ImportFiles
{
    public static Command Command
    {
        get
        {
            var command = new Command("import", "Take FHIR bundles and NDJSON (also .gz) into the record");
            var paths = new Argument<string[]>("PATH") { Description = "Files or folders", Arity = ArgumentArity.OneOrMore };
            var report = new Option<string>("--report") { Description = "Where to write what could not be taken", DefaultValueFactory = _ => "import-errors.csv" };
            var anew = new Option<bool>("--anew") { Description = "Forget that these files were imported before (the database was made anew)" };
            command.Arguments.Add(paths);
            command.Options.Add(anew);
            command.Options.Add(report);
            var record = RecordOptions.AddTo(command);
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                var files = Find(result.GetValue(paths)!);
                await using var services = await RecordApplication.OpenAsync(record.Engine(result), cancel);
                using var state = ImportState.Open(StateFolder(record.Folder(result)), record.Engine(result).ToString(), files, result.GetValue(anew));
                using var errors = new ErrorReport(result.GetValue(report)!);
                if (await RunAsync(services.GetRequiredService<RecordAccess>(), state, errors, files, cancel) >= WorthTidying)
                    await AnsiConsole.Status().StartAsync("Tidying the indexes …", _ => services.GetRequiredService<RecordUpkeep>().TidyAsync(cancel));
                if (errors.Count > 0) throw new InvalidOperationException($"{errors.Count} could not be taken; {errors.Path} says which and why.");
            }));
            return command;
        }
    }

    /// <summary>Resources after which indexes and statistics are made anew; fewer change little.</summary>
    private const int WorthTidying = 20_000;

    private static async Task<long> RunAsync(RecordAccess record, ImportState state, ErrorReport errors, List<string> files, CancellationToken cancel)
    {
        if (state.Known > 0) AnsiConsole.WriteLine($"Going on with an import that was stopped: {state.Known} parts are in the record.");
        var watch = Stopwatch.StartNew();
        var resources = await AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async bar =>
            {
                var task = bar.AddTask("Importing", maxValue: Math.Max(1, files.Sum(f => new FileInfo(f).Length)));
                var run = new ImportRun(record, state, errors, new Bar(task));
                await run.RunAsync(files, cancel);
                task.Value = task.MaxValue;
                return run.Resources;
            });
        var seconds = Math.Max(0.001, watch.Elapsed.TotalSeconds);
        Console.WriteLine($"{resources} resources of {files.Count} files in {seconds:0.0} s ({resources / seconds:0}/s), {errors.Count} failures");
        return resources;
    }

    private static List<string> Find(string[] paths)
    {
        var found = new List<string>();
        foreach (var path in paths)
        {
            if (Directory.Exists(path))
                found.AddRange(Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(ImportUnit.IsImportable).Order(StringComparer.Ordinal));
            else if (File.Exists(path)) found.Add(path);
            else throw new IOException($"There is no file or folder '{path}'.");
        }

        return found.Count > 0 ? found : throw new IOException("There is no .json, .ndjson or .gz file to import.");
    }

    /// <summary>Beside the data; where the record is on a server, in the user's own folder.</summary>
    private static string StateFolder(string? data) =>
        data ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "tongxin");

    private sealed class Bar(ProgressTask task) : IProgress<(string File, long Bytes)>
    {
        private readonly Dictionary<string, long> read = new(StringComparer.Ordinal);

        public void Report((string File, long Bytes) value)
        {
            lock (read)
            {
                var before = read.GetValueOrDefault(value.File);
                if (value.Bytes <= before) return;
                read[value.File] = value.Bytes;
                task.Increment(value.Bytes - before);
            }
        }
    }
}

using System.CommandLine;
using DuckDB.NET.Data;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin views export</c>: the flat views as Parquet, for other engines. While no server runs on the folder, or on a restored backup.</summary>
internal static class Views
{
    public static Command Command => new("views", "Hand out the flat views that the indicators are asked of") { Export };

    private static Command Export
    {
        get
        {
            var command = new Command("export", "Bring the flat views up to the record and write them as Parquet, by county and month");
            var folder = new Option<DirectoryInfo>("--out") { Description = "Folder for the files; must not be there or be empty", Required = true };
            command.Options.Add(folder);
            var record = RecordOptions.AddTo(command);
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                var target = result.GetValue(folder)!.FullName;
                if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
                    throw new InvalidOperationException($"{target} is not empty: name another folder with --out.");
                var engine = record.Engine(result);
                var services = new ServiceCollection();
                services.AddLogging();
                await services.AddRecordAsync(engine, cancel);
                services.AddFlatViews(engine.Folder, ProgrammeServices.DefaultFolder);
                await using var provider = services.BuildServiceProvider();
                foreach (var (view, rows) in await WriteAsync(provider, target, cancel)) Console.WriteLine($"{view,-16} {rows,12:N0} rows");
                Console.WriteLine($"The views are in {target}");
            }));
            return command;
        }
    }

    private static async Task<IReadOnlyDictionary<string, long>> WriteAsync(ServiceProvider provider, string target, CancellationToken cancel)
    {
        try
        {
            return await provider.GetRequiredService<ViewsExport>().WriteAsync(target, cancel);
        }
        catch (DuckDBException fault) when (fault.Message.Contains("lock", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidOperationException("views.duckdb is in use by a running server: stop it, or export from a restored backup.", fault);
        }
    }
}

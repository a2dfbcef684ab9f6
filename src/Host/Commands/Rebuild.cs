using System.CommandLine;
using Spectre.Console;
using Tongxin.Kernel.Access;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin rebuild</c>: makes the search index anew from the record; others may read and write meanwhile where the engine allows.</summary>
internal static class Rebuild
{
    public static Command Command
    {
        get
        {
            var command = new Command("rebuild", "Make everything derived anew from the record");
            var record = RecordOptions.AddTo(command);
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                await using var services = await RecordApplication.OpenAsync(record.Engine(result), cancel);
                var count = await Counting.ShownAsync("Rebuilding", progress => services.GetRequiredService<RecordUpkeep>().RebuildAsync(progress, cancel));
                AnsiConsole.WriteLine($"{count} resources were indexed anew.");
            }));
            return command;
        }
    }
}

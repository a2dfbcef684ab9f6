using System.CommandLine;
using Tongxin.Kernel.Access;

namespace Tongxin.Host.Commands;

/// <summary>The options by which a command is told where the record is: a folder (SQLite) or a connection string (PostgreSQL).</summary>
internal sealed class RecordOptions
{
    private readonly Option<DirectoryInfo> data = new("--data")
    {
        Description = "Folder of the record (SQLite), or with --postgres of the keys and what else must not lie in the database",
    };
    private readonly Option<string> postgres = new("--postgres") { Description = "Connection string of the record's PostgreSQL database" };
    private readonly Option<bool> @unsafe = new("--unsafe") { Description = "Start although the database could lose what it acknowledged" };

    /// <summary>Adds the options to a command, which must be given exactly one of the two places.</summary>
    public static RecordOptions AddTo(Command command)
    {
        var options = new RecordOptions();
        command.Options.Add(options.data);
        command.Options.Add(options.postgres);
        command.Options.Add(options.@unsafe);
        command.Validators.Add(result =>
        {
            if (result.GetResult(options.data) is null && result.GetResult(options.postgres) is null)
                result.AddError("Say where the record is: --data DIR or --postgres \"CONNECTION\".");
        });
        return options;
    }

    public RecordEngine Engine(ParseResult result) => result.GetValue(postgres) is { } connection
        ? Keyed(new RecordEngine.Postgres(connection) { Unsafe = result.GetValue(@unsafe) }, Folder(result))
        : new RecordEngine.Sqlite(result.GetValue(data)!.FullName) { Unsafe = result.GetValue(@unsafe) };

    private static RecordEngine.Postgres Keyed(RecordEngine.Postgres engine, string? folder) => folder is null ? engine : engine with { Folder = folder };

    /// <summary>Folder for what a command itself keeps between runs, beside the record; null when the record is not on this machine.</summary>
    public string? Folder(ParseResult result) => result.GetValue(data)?.FullName;
}

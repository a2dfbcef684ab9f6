using System.CommandLine;
using Spectre.Console;
using Tongxin.Kernel.Access;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin backup</c> and <c>tongxin restore</c>: everything that cannot be made anew, to a folder and back.</summary>
internal static class Backups
{
    public static Command Backup
    {
        get
        {
            var command = new Command("backup", "Copy the record, its history, audit trail, accounts and keys to a folder while others work");
            var folder = new Option<DirectoryInfo>("--to") { Description = "New or empty folder for the backup", Required = true };
            command.Options.Add(folder);
            var record = RecordOptions.AddTo(command);
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                var made = await AnsiConsole.Status().StartAsync("Copying …", _ =>
                    RecordBackup.WriteAsync(record.Engine(result), result.GetValue(folder)!.FullName, TimeProvider.System.GetUtcNow(), cancel));
                AnsiConsole.WriteLine($"{made.Files.Count} files, {made.Files.Sum(f => f.Bytes):N0} bytes are in {result.GetValue(folder)}.");
                AnsiConsole.WriteLine("They hold the keys: keep them as safely as the record.");
            }));
            return command;
        }
    }

    public static Command Restore
    {
        get
        {
            var command = new Command("restore", "Put a backup where no record is yet");
            var folder = new Option<DirectoryInfo>("--from") { Description = "Folder of the backup", Required = true };
            command.Options.Add(folder);
            var record = RecordOptions.AddTo(command);
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                var made = await AnsiConsole.Status().StartAsync("Restoring …", _ =>
                    RecordBackup.RestoreAsync(record.Engine(result), result.GetValue(folder)!.FullName, cancel));
                AnsiConsole.WriteLine($"The record of {made.At:yyyy-MM-dd HH:mm:ss 'UTC'} is back. 'tongxin verify' proves that it is whole.");
            }));
            return command;
        }
    }
}

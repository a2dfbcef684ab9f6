using System.CommandLine;
using Spectre.Console;
using Tongxin.Kernel.Access;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin verify</c>: proves that everything derived agrees with the record; exit code 1 and a sentence for each that does not.</summary>
internal static class Verify
{
    public static Command Command
    {
        get
        {
            var command = new Command("verify", "Prove that indexes and versions agree with the record");
            var record = RecordOptions.AddTo(command);
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                await using var services = await RecordApplication.OpenAsync(record.Engine(result), cancel);
                var findings = await Counting.ShownAsync("Verifying", progress => services.GetRequiredService<RecordUpkeep>().VerifyAsync(progress, cancel));
                foreach (var finding in findings) Console.WriteLine(finding);
                var trail = await services.GetRequiredService<AuditTrail>().VerifyAsync(cancel);
                if (!trail.Holds) throw new InvalidOperationException($"The audit trail is broken at row {trail.FirstBroken}: {trail.Problem}");
                AnsiConsole.WriteLine($"The audit trail holds: {trail.Rows} rows.");
                AnsiConsole.WriteLine(findings.Count is 0 ? "All agrees." : $"{findings.Count} findings.");
                if (findings.Count > 0) throw new InvalidOperationException("The record does not agree with what is derived from it; 'tongxin rebuild' makes the indexes anew.");
            }));
            return command;
        }
    }
}

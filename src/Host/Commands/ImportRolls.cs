using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Terminology;
using Tongxin.Modules.People;
using Tongxin.Modules.People.Rolls;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin import-roll FILE</c>: a roll of residents (花名册, CSV or XLSX) into the record; what cannot be taken comes back as a workbook.</summary>
internal static class ImportRolls
{
    public static Command Command
    {
        get
        {
            var command = new Command("import-roll", "Take a roll of residents (花名册: CSV in UTF-8 or GB18030, or XLSX) into the record; start it again to go on or to check");
            var file = new Argument<FileInfo>("FILE");
            var clinic = new Option<string>("--clinic") { Description = "Organisation that manages those whose row names no place", Required = true };
            var columns = new Option<string[]>("--column")
            {
                Description = "FIELD=HEAD for a column that is not guessed, e.g. Name=户主; may be repeated", DefaultValueFactory = _ => [],
            };
            var dry = new Option<bool>("--dry-run") { Description = "Only say what would happen" };
            var report = new Option<FileInfo>("--report") { Description = "Workbook for the refused rows", DefaultValueFactory = _ => new("roll-errors.xlsx") };
            command.Arguments.Add(file);
            foreach (var option in new Option[] { clinic, columns, dry, report }) command.Options.Add(option);
            var record = RecordOptions.AddTo(command);
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                var lines = RollSheet.Read(await File.ReadAllBytesAsync(result.GetValue(file)!.FullName, cancel));
                var map = RollColumns.Guess(lines).With(result.GetValue(columns)!.Select(Told));
                foreach (var (held, column) in map.Map.OrderBy(m => m.Value)) Console.WriteLine($"{map.Heads[column].Trim()} → {held}");
                await using var services = await RecordApplication.OpenAsync(record.Engine(result), cancel);
                await RunAsync(services, new(lines, map, result.GetValue(clinic)!, result.GetValue(dry)), result.GetValue(report)!, cancel);
            }));
            return command;
        }
    }

    private static async Task RunAsync(IServiceProvider services, RollRequest request, FileInfo report, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        var records = services.GetRequiredService<RecordAccess>();
        var clock = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var import = new ImportRoll(
            records, services.GetRequiredService<OrganisationTree>(), new PossibleDuplicates(records, clock), services.GetRequiredService<Pinyin>(), clock);
        var outcome = await AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async bar =>
            {
                var task = bar.AddTask("Importing", maxValue: Math.Max(1, request.Lines.Count));
                var done = await import.HandleAsync(Caller.System("import-roll"), request, new Bar(task), cancel);
                task.Value = task.MaxValue;
                return done;
            });
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{(request.IsDryRun ? "Would be: " : "")}{outcome.Rows} rows: {outcome.New} new (of them {outcome.Doubtful} doubtful), {outcome.Same} on record, "
            + $"{outcome.Repeated} repeated, {outcome.Refused.Count} refused; {seconds:0.0} s, {outcome.Rows / seconds:0} rows/s."));
        if (outcome.Cut.Count > 0)
            Console.WriteLine($"{outcome.Cut.Count} rows share a name, telephone or birthday with too many to compare with all: "
                + $"{string.Join(", ", outcome.Cut.Take(MostShown))}{(outcome.Cut.Count > MostShown ? ", …" : "")}");
        if (outcome.Refused.Count is 0) return;
        await using (var stream = report.Create()) RollReport.Write(stream, request.Columns, outcome.Refused);
        foreach (var row in outcome.Refused.Take(MostShown)) await Console.Error.WriteLineAsync($"{row.Line.Number}: {string.Join(' ', row.Issues.Select(i => i.Diagnostics))}");
        throw new InvalidOperationException($"{outcome.Refused.Count} rows were refused; {report.FullName} holds them with their reasons. Mend them there and send that file.");
    }

    private const int MostShown = 10;

    private static (RollField, string) Told(string told)
    {
        var parts = told.Split('=', 2);
        return parts.Length is 2 && Enum.TryParse<RollField>(parts[0], ignoreCase: true, out var field) && Enum.IsDefined(field) ? (field, parts[1])
            : throw RefusedException.Because(400, "value", $"--column is FIELD=HEAD with one of {string.Join(", ", Enum.GetNames<RollField>())}, not '{told}'.");
    }

    private sealed class Bar(ProgressTask task) : IProgress<int>
    {
        public void Report(int value) => task.Value = value;
    }
}

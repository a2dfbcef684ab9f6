using System.CommandLine;
using System.Text;
using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Programmes.Packages;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin programme check|dry-run|install|export</c>: a health programme as a folder, without C# and without a restart.</summary>
/// <remarks>A running server takes a package on its own page; these commands open the record themselves, or, with PostgreSQL, beside the server.</remarks>
internal static class Programme
{
    public static Command Command => new("programme", "Check, install and export health programmes written as folders") { Check, DryRunOf, Install, Export };

    private static Argument<string> Path => new("path") { Description = "Folder with plan.yaml, the same as .zip, or an exported bundle (.json)" };

    private static Command Check
    {
        get
        {
            var path = Path;
            var command = new Command("check", "Read a package, check it and run its golden cases; nothing is installed") { path };
            command.SetAction(result => Told(() =>
            {
                var installed = BuiltIn();
                var source = PackageSource.FromPath(result.GetValue(path)!);
                installed.Try(source);
                var package = PackageReader.Read(source);
                Console.WriteLine($"{package.Code} {package.Edition}  {package.Title}: {GoldenCases.Of(package).Count()} golden cases hold, {package.Forms.Count} forms, "
                    + $"{package.Rules.Rows.Count} rows. Digest {source.Digest}");
                return Task.CompletedTask;
            }));
            return command;
        }
    }

    private static Command DryRunOf
    {
        get
        {
            var path = Path;
            var command = new Command("dry-run", "Tell who would gain and who would lose which task; nothing is installed") { path };
            var record = RecordOptions.AddTo(command);
            command.SetAction((result, cancel) => Told(async () =>
            {
                await using var services = await OpenAsync(record.Engine(result), cancel);
                var report = await services.GetRequiredService<DryRun>().OfAsync(PackageSource.FromPath(result.GetValue(path)!), cancel);
                foreach (var line in report.Lines) Console.WriteLine($"{(line.IsGained ? '+' : '-')} Patient/{line.Person} {line.Name}  {line.Task}  {line.Due:yyyy-MM-dd}");
                Console.WriteLine($"{report.People} people: {report.Gaining} gain a task, {report.Losing} lose one. Nothing was changed.");
            }));
            return command;
        }
    }

    private static Command Install
    {
        get
        {
            var path = Path;
            var command = new Command("install", "Install a package into the record, beside its older editions") { path };
            var record = RecordOptions.AddTo(command);
            command.SetAction((result, cancel) => Told(async () =>
            {
                await using var services = await OpenAsync(record.Engine(result), cancel);
                var package = await services.GetRequiredService<RecordedProgrammes>()
                    .InstallAsync(PackageSource.FromPath(result.GetValue(path)!), Environment.UserName, cancel);
                await services.GetRequiredService<Everybody>().OweAsync(cancel);
                Console.WriteLine($"{package.Code} {package.Edition}  {package.Title} is installed from {package.From:yyyy-MM-dd}; servers go through everybody next.");
            }));
            return command;
        }
    }

    private static Command Export
    {
        get
        {
            var code = new Argument<string>("code") { Description = "Code of the programme, e.g. hypertension" };
            var file = new Argument<string>("file") { Description = "Where the bundle is written (.json)" };
            var edition = new Option<string>("--edition") { Description = "Edition; the one valid today when it is not given" };
            var data = new Option<DirectoryInfo>("--data") { Description = "Folder of a record that holds further programmes" };
            var command = new Command("export", "Write a programme as one bundle with its digest") { code, file, edition, data };
            command.SetAction((result, cancel) => Told(async () =>
            {
                await using var services = result.GetValue(data) is { } folder ? await OpenAsync(new RecordEngine.Sqlite(folder.FullName), cancel) : null;
                var set = (services?.GetRequiredService<InstalledProgrammes>() ?? BuiltIn()).Current;
                var today = LocalTime.Today(TimeProvider.System);
                var package = (result.GetValue(edition) is { } wanted ? set.Edition(result.GetValue(code)!, wanted) : set.On(result.GetValue(code)!, today))
                    ?? throw RefusedException.Because(404, "not-found", $"没有项目“{result.GetValue(code)}”。");
                await File.WriteAllTextAsync(result.GetValue(file)!, JsonSerializer.Serialize(InstalledProgrammes.Export(package)), Encoding.UTF8, cancel);
                Console.WriteLine($"{package.Code} {package.Edition} → {result.GetValue(file)}");
            }));
            return command;
        }
    }

    private static InstalledProgrammes BuiltIn()
    {
        var installed = new InstalledProgrammes(FirelyModel.R4);
        installed.InstallFolders(ProgrammeServices.DefaultFolder);
        return installed;
    }

    private static async Task<ServiceProvider> OpenAsync(RecordEngine engine, CancellationToken cancel)
    {
        var services = new ServiceCollection();
        await services.AddRecordAsync(engine, cancel);
        services.AddLogging();
        services.AddProgrammes();
        var provider = services.BuildServiceProvider();
        await provider.GetRequiredService<RecordedProgrammes>().LoadAsync(cancel);
        return provider;
    }

    /// <summary>Each fault on a line of its own, with file and line.</summary>
    private static Task<int> Told(Func<Task> work) => Refusals.ToldAsync(async () =>
    {
        try
        {
            await work();
        }
        catch (RefusedException refused)
        {
            throw new InvalidOperationException(string.Join('\n', refused.Issues.Select(i => i.Diagnostics)), refused);
        }
    });
}

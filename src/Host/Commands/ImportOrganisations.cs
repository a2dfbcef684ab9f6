using System.CommandLine;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin organisations FILE.csv</c>: city, county, hospitals, townships and villages with the days on which they opened and closed.</summary>
internal static class ImportOrganisations
{
    public static Command Command
    {
        get
        {
            var command = new Command("organisations", "Take organisations with their validity periods from a CSV file");
            var file = new Argument<FileInfo>("FILE") { Description = "Columns: id, name, kind, parent, division, from, until (or 编号, 名称, 类型, 上级, 行政区划代码, 启用日期, 停用日期)" };
            command.Arguments.Add(file);
            var record = RecordOptions.AddTo(command);
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                await using var services = await RecordApplication.OpenAsync(record.Engine(result), cancel);
                using var text = result.GetValue(file)!.OpenText();
                var standing = await services.GetRequiredService<OrganisationTree>().GetAsync(cancel);
                var places = Read(text, standing);
                await OrganisationFile.WriteAsync(services.GetRequiredService<RecordAccess>(), Caller.System("organisations"), places, cancel);
                Console.WriteLine($"{places.Count} organisations are in the record.");
            }));
            return command;
        }
    }

    private static IReadOnlyList<Organisation> Read(TextReader text, Organisations standing)
    {
        try
        {
            return OrganisationFile.Read(text, standing);
        }
        catch (RefusedException refusal)
        {
            foreach (var issue in refusal.Issues) Console.Error.WriteLine($"{issue.Expression}: {issue.Diagnostics}");
            throw new InvalidOperationException("Nothing was taken.", refusal);
        }
    }
}

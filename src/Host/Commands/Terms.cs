using System.CommandLine;
using System.IO.Compression;
using System.Text;
using Spectre.Console;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin codes FILE.csv</c>: a classification, such as ICD-10, as a CodeSystem of the record.</summary>
/// <remarks>A second import replaces the first.</remarks>
internal static class Terms
{
    private const string FromInput = "-";

    public static Command Command
    {
        get
        {
            var command = new Command("codes", "Import a code system from a CSV of codes and names");
            var file = new Argument<string>("file") { Description = "CSV in UTF-8 with a header (.gz may stand packed), or - for standard input" };
            var url = new Option<string>("--url") { Description = "Canonical of the code system, e.g. http://hl7.org/fhir/sid/icd-10-cn", Required = true };
            var id = new Option<string>("--id") { Description = "Id of the CodeSystem in the record", Required = true };
            var title = new Option<string>("--title") { Description = "Name of the code system", Required = true };
            var code = new Option<string>("--code") { Description = "Name of the column of codes; the first when it is not given" };
            var name = new Option<string>("--name") { Description = "Name of the column of names; the second when it is not given" };
            command.Arguments.Add(file);
            foreach (var option in new Option[] { url, id, title, code, name }) command.Options.Add(option);
            var record = RecordOptions.AddTo(command);
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                var (body, refused) = Read(result.GetValue(file)!, reader => CodeSystemImport.Read(
                    reader, result.GetValue(id)!, result.GetValue(url)!, result.GetValue(title)!, result.GetValue(code), result.GetValue(name)));
                foreach (var row in refused) await Console.Error.WriteLineAsync(row);
                await using var services = await RecordApplication.OpenAsync(record.Engine(result), cancel);
                await services.GetRequiredService<RecordedCodes>().GetAsync(cancel);
                await services.GetRequiredService<RecordAccess>().CommitAsync(
                    Caller.System("codes"), [new Change.Put(new("CodeSystem", result.GetValue(id)!), body)], new(), cancel);
                var table = services.GetRequiredService<Codes>().System(result.GetValue(url)!);
                AnsiConsole.WriteLine($"{table?.Count ?? 0} codes of {result.GetValue(title)} are in the record; {refused.Count} rows were not taken.");
            }));
            return command;
        }
    }

    private static T Read<T>(string file, Func<TextReader, T> read)
    {
        using var stream = file is FromInput ? Console.OpenStandardInput() : File.OpenRead(file);
        using var plain = file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(stream, CompressionMode.Decompress) : stream;
        using var reader = new StreamReader(plain, Encoding.UTF8);
        return read(reader);
    }
}

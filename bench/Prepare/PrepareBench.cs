using System.Diagnostics;
using System.Text.Json;
using Hl7.Fhir.Serialization;
using Tongxin.Fhir.Validation;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Records.Search;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Bench.Prepare;

/// <summary>What stands between the bytes of a resource and the store: processor time of parsing, validation and extraction, by type, on one thread.</summary>
/// <remarks>The FHIR library's strict parse of the same bytes stands beside it as a measure of the machine.</remarks>
internal sealed class PrepareBench
{
    private const int MostPerType = 2_000;

    private const int Rounds = 6;

    private static readonly TimeSpan Least = TimeSpan.FromSeconds(0.2);

    private readonly Validator validator = ResourceValidation.Create();
    private readonly SearchIndex index;

    private PrepareBench()
    {
        var pinyin = new Pinyin();
        index = new(readings: name => pinyin.OfName(name) is var reading ? [reading.Full, reading.Initials] : []);
    }

    /// <summary>Prints one line of the table in results/prepare.md for each NDJSON file of the folder.</summary>
    public static int Run(string[] args)
    {
        if (args is not [var folder] || !Directory.Exists(folder))
        {
            Console.Error.WriteLine("bench prepare DIR-OF-NDJSON");
            return 2;
        }

        var bench = new PrepareBench();
        Console.WriteLine("| type | resources | bytes | parse µs | validate µs | extract µs | all µs | rows | library's strict parse µs | ratio | refused |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var file in Directory.EnumerateFiles(folder, "*.ndjson").Order(StringComparer.Ordinal))
            bench.Measure(Path.GetFileNameWithoutExtension(file), [.. File.ReadLines(file).Take(MostPerType).Select(System.Text.Encoding.UTF8.GetBytes)]);
        return 0;
    }

    private void Measure(string type, IReadOnlyList<byte[]> bodies)
    {
        var refused = 0;
        var rows = 0;
        foreach (var body in bodies)
        {
            using var read = BodyReader.Read(body);
            var issues = validator.Validate(read.Root);
            if (issues.Count > 0 && refused++ < 2) Console.Error.WriteLine($"{type} {read.Id}: {issues[0].Expression} {issues[0].Diagnostics}");
            var entries = index.Extract(read.Root);
            rows += entries.Tokens.Count + entries.Strings.Count + entries.Dates.Count + entries.Quantities.Count + entries.References.Count + entries.Uris.Count +
                entries.Composites.Count;
        }

        var parse = Time(bodies, body => BodyReader.Read(body).Dispose());
        var validate = Time(bodies, body =>
        {
            using var read = BodyReader.Read(body);
            validator.Validate(read.Root);
        }) - parse;
        var extract = Time(bodies, body =>
        {
            using var read = BodyReader.Read(body);
            index.Extract(read.Root);
        }) - parse;
        var library = Time(bodies, Library);
        var all = parse + validate + extract;
        Console.WriteLine(
            $"| {type} | {bodies.Count} | {bodies.Sum(b => (long)b.Length) / bodies.Count} | {parse:F1} | {validate:F1} | {extract:F1} | {all:F1} | " +
            $"{(double)rows / bodies.Count:F0} | {library:F0} | {library / all:F1} | {refused} |");
    }

    private static void Library(byte[] body)
    {
        var reader = new Utf8JsonReader(body);
        FhirJsonDeserializer.STRICT.TryDeserializeResource(ref reader, out _, out _);
    }

    /// <summary>Microseconds of processor time for one body: the best of several rounds, since what else the machine does only adds.</summary>
    private static double Time(IReadOnlyList<byte[]> bodies, Action<byte[]> work)
    {
        var best = double.MaxValue;
        using var process = Process.GetCurrentProcess();
        for (var round = 0; round < Rounds; round++)
        {
            process.Refresh();
            var start = process.TotalProcessorTime;
            var done = 0;
            var spent = TimeSpan.Zero;
            while (spent < Least)
            {
                foreach (var body in bodies) work(body);
                done += bodies.Count;
                process.Refresh();
                spent = process.TotalProcessorTime - start;
            }

            best = Math.Min(best, spent.TotalMicroseconds / done);
        }

        return best;
    }
}

using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Tongxin.Fhir;
using Tongxin.Kernel.People.Matching;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin match A.csv [B.csv]</c>: which rows are one person, within a file or between two, by the engine that guards the record.</summary>
/// <remarks>Needs no record and no labels: the weights are learnt from the files themselves. Not a merge: nothing is changed.</remarks>
internal static class Match
{
    public static Command Command
    {
        get
        {
            var command = new Command("match", "Find the rows of one or two files that are one person");
            var files = new Argument<string[]>("FILE")
            {
                Description = "One CSV in UTF-8 with a header to look for duplicates in, or two to link (.gz may stand packed)", Arity = new(1, 2),
            };
            var map = new Option<FileInfo>("--map")
            {
                Description = "YAML that names the columns of id, name, given, family, sex, birthDate, phone, identifier, street, …", Required = true,
            };
            var output = new Option<FileInfo>("--out") { Description = "CSV of pairs: two ids, the score, what each attribute added to it", Required = true };
            var reviews = new Option<bool>("--reviews") { Description = "Write the pairs that a person should decide too; a last column says which" };
            var link = new Option<double>("--link-from") { Description = "Probability from which a pair is a link", DefaultValueFactory = _ => new Matcher().LinkFrom };
            command.Arguments.Add(files);
            foreach (var option in new Option[] { map, output, reviews, link }) command.Options.Add(option);
            command.SetAction(result => Refusals.ToldAsync(() =>
            {
                var matcher = new Matcher { LinkFrom = Probability(result.GetValue(link)) };
                Run(matcher, result.GetValue(files)!, result.GetValue(map)!, result.GetValue(output)!, result.GetValue(reviews));
                return Task.CompletedTask;
            }));
            return command;
        }
    }

    private static void Run(Matcher matcher, string[] files, FileInfo map, FileInfo output, bool withReviews)
    {
        var started = Stopwatch.GetTimestamp();
        var columns = MatchFile.ReadMap(File.ReadAllText(map.FullName));
        using var pinyin = new Pinyin();
        var lists = files.Select(f => Read(f, columns, pinyin)).ToList();
        var found = matcher.Match(lists[0], lists is [_, var others] ? others : null);
        Write(output.FullName, found, withReviews);

        var rows = lists.Sum(l => l.Count);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var links = found.Pairs.Count(p => p.IsLink);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{rows} records, {links} links, {found.Pairs.Count - links} pairs to review; {seconds:0.0} s, {rows / seconds:0} records/s, {Peak()} MB at most."));
        foreach (var (key, records) in found.Crowded.Take(MostShown))
            Console.Error.WriteLine($"{records} records share '{key}': their pairs were compared only where something else brought them together.");
        if (found.Crowded.Count > MostShown) Console.Error.WriteLine($"… and {found.Crowded.Count - MostShown} more such keys.");
    }

    private const int MostShown = 10;

    private static double Probability(double asked) => asked is > 0 and <= 1 ? asked
        : throw RefusedException.Because(400, "value", "--link-from is a probability above 0 and at most 1.");

    private static long Peak()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 >> 20;
    }

    private static IReadOnlyList<MatchRecord> Read(string file, IReadOnlyDictionary<string, IReadOnlyList<string>> columns, Pinyin pinyin)
    {
        try
        {
            using var stream = File.OpenRead(file);
            using var plain = file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(stream, CompressionMode.Decompress) : (Stream)stream;
            using var text = new StreamReader(plain, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return MatchFile.Read(text, columns, pinyin);
        }
        catch (RefusedException refused)
        {
            throw new InvalidOperationException($"{file}: {refused.Message}", refused);
        }
        catch (DecoderFallbackException broken)
        {
            throw new InvalidOperationException($"{file} is not UTF-8: {broken.Message}", broken);
        }
    }

    // Under another name until it is whole: a run that was stopped must not look like a short answer.
    private static void Write(string path, MatchResult found, bool withReviews)
    {
        using (var text = new StreamWriter(path + ".part", append: false, new UTF8Encoding(false))) MatchFile.Write(text, found, withReviews);
        File.Move(path + ".part", path, overwrite: true);
    }
}

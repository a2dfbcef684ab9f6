using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Bench.Store;

/// <summary>Resources of NDJSON files, people first, as changes that a store can take.</summary>
internal static partial class Workload
{
    private static readonly SearchIndex Index = new();

    // What refers comes after what it refers to, as in a real day's work.
    private static readonly string[][] Order =
    [
        ["Organization", "Practitioner"],
        ["Patient"],
        ["Encounter"],
        ["Condition", "Observation", "Procedure", "Immunization", "AllergyIntolerance", "MedicationRequest", "Goal", "ImagingStudy"],
        ["CarePlan", "DiagnosticReport", "Claim"],
        ["ExplanationOfBenefit"],
    ];

    public static IEnumerable<byte[]> Read(string folder, int limit) => Order.SelectMany(types => Interleaved(folder, types)).Take(limit);

    private static IEnumerable<byte[]> Interleaved(string folder, string[] types)
    {
        var files = types.Select(t => Path.Combine(folder, t + ".ndjson")).Where(File.Exists).Select(f => File.ReadLines(f).GetEnumerator()).ToList();
        while (files.Count > 0)
        {
            for (var i = files.Count - 1; i >= 0; i--)
            {
                if (!files[i].MoveNext()) files.RemoveAt(i);
                else yield return System.Text.Encoding.UTF8.GetBytes(files[i].Current);
            }
        }
    }

    /// <summary>The same people under new identities: every UUID begins otherwise.</summary>
    public static byte[] Again(byte[] line, int copy)
    {
        if (copy is 0) return line;
        var begin = copy.ToString("x4", System.Globalization.CultureInfo.InvariantCulture);
        return System.Text.Encoding.UTF8.GetBytes(Uuid().Replace(System.Text.Encoding.UTF8.GetString(line), match => begin + match.Value[4..]));
    }

    [System.Text.RegularExpressions.GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", System.Text.RegularExpressions.RegexOptions.None, 1000)]
    private static partial System.Text.RegularExpressions.Regex Uuid();

    public static PreparedChange Prepare(byte[] line)
    {
        using var parsed = BodyReader.Read(line);
        var index = Index.Extract(parsed.Root);
        var type = parsed.Body.Type;
        var person = type is "Patient" ? parsed.Id
            : index.References.Find(r => r is { Type: "Patient", Parameter.Code: "patient" or "subject" }).Id;
        return new() { Key = new(type, parsed.Id!), Kind = ChangeKind.Create, Body = parsed.Body, Index = index, Person = person, County = "350425" };
    }
}

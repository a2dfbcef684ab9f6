using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Bench.Store;

/// <summary>Resources of NDJSON files, people first, as changes that a store can take.</summary>
internal static class Workload
{
    private static readonly SearchIndex Index = new();

    public static IEnumerable<byte[]> Read(string folder, int limit)
    {
        var files = Directory.EnumerateFiles(folder, "*.ndjson").Select(f => File.ReadLines(f).GetEnumerator()).ToList();
        var read = 0;
        // Round robin over the files, so that every part of the load has every type.
        while (files.Count > 0 && read < limit)
        {
            for (var i = files.Count - 1; i >= 0; i--)
            {
                if (!files[i].MoveNext()) files.RemoveAt(i);
                else if (read++ < limit) yield return System.Text.Encoding.UTF8.GetBytes(files[i].Current);
            }
        }
    }

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

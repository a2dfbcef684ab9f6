using System.Globalization;
using CsvHelper;
using Tongxin.Fhir;
using Tongxin.Kernel.Terminology;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Tongxin.Kernel.People.Matching;

/// <summary>Reads people from a CSV by a column map, and writes the pairs found.</summary>
public static class MatchFile
{
    public const int MostRows = 5_000_000;

    /// <summary>
    /// A map names the columns of <c>id, name, given, family, sex, birthDate, phone, identifier, street, locality, state, postalCode</c>: one or a list each.
    /// Throws <see cref="RefusedException"/> (400) that names what is wrong.
    /// </summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> ReadMap(string yaml)
    {
        try
        {
            var raw = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(yaml) ?? [];
            var map = raw.ToDictionary(
                r => r.Key,
                r => r.Value switch
                {
                    string one => (IReadOnlyList<string>)[one],
                    List<object> many => [.. many.Select(m => (string)m)],
                    _ => throw Refuse($"'{r.Key}' must name a column or a list of columns."),
                },
                StringComparer.OrdinalIgnoreCase);
            if (!map.ContainsKey("id")) throw Refuse("The map does not name the column of 'id'.");
            if (map.Keys.FirstOrDefault(k => k is not "id" && !Enum.TryParse<Attribute>(k, ignoreCase: true, out _)) is { } unknown)
                throw Refuse($"'{unknown}' is not one of id, {string.Join(", ", Enum.GetNames<Attribute>())}.");
            return map;
        }
        catch (YamlException broken)
        {
            throw Refuse($"The map is not YAML, line {broken.Start.Line}: {broken.Message}");
        }
    }

    /// <summary>Rows in the order of the file. Throws <see cref="RefusedException"/> (400) when a mapped column is absent or an id stands twice or is empty.</summary>
    public static IReadOnlyList<MatchRecord> Read(TextReader csv, IReadOnlyDictionary<string, IReadOnlyList<string>> map, Pinyin pinyin)
    {
        using var reader = CsvReader.Create(csv, new CsvReaderOptions { HasHeader = true, TrimWhitespace = true });
        reader.ReadHeader();
        var header = reader.Headers.ToArray().Select((name, index) => (Name: name.Trim(), index)).ToLookup(h => h.Name, h => h.index, StringComparer.Ordinal);
        if (map.Values.SelectMany(c => c).FirstOrDefault(c => !header.Contains(c)) is { } absent)
            throw Refuse($"The file has no column '{absent}'; it has {string.Join(", ", header.Select(h => h.Key))}.");
        var columns = map.ToDictionary(m => m.Key, m => m.Value.Select(c => header[c].First()).ToArray(), StringComparer.OrdinalIgnoreCase);
        var records = new List<MatchRecord>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read())
        {
            if (records.Count >= MostRows) throw Refuse($"A file has at most {MostRows} rows.");
            var id = Join(reader, columns["id"]);
            if (id is null || !ids.Add(id)) throw Refuse($"Row {reader.RowNumber}: the id '{id}' is empty or stands twice.");
            records.Add(MatchRecord.Of(id, a => columns.TryGetValue(a.ToString(), out var from) ? Join(reader, from) : null, pinyin));
        }

        return records;
    }

    /// <summary>Ids, probability, then what each attribute added to the odds. Links only, unless reviews are wanted too.</summary>
    public static void Write(TextWriter csv, MatchResult result, bool withReviews)
    {
        csv.WriteLine("id_1,id_2,score," + string.Join(',', Enum.GetNames<Attribute>().Select(n => char.ToLowerInvariant(n[0]) + n[1..])) + (withReviews ? ",decision" : ""));
        foreach (var pair in result.Pairs.Where(p => withReviews || p.IsLink))
        {
            var parts = pair.Parts.Select(p => p.ToString("0.###", CultureInfo.InvariantCulture));
            var score = pair.Probability.ToString("0.######", CultureInfo.InvariantCulture);
            csv.WriteLine($"{Quote(pair.A)},{Quote(pair.B)},{score},{string.Join(',', parts)}{(withReviews ? pair.IsLink ? ",link" : ",review" : "")}");
        }
    }

    private static string Quote(string text) => text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    private static string? Join(CsvReader reader, int[] columns)
    {
        var text = string.Join(' ', columns.Where(c => c < reader.FieldCount).Select(reader.GetString).Where(v => !string.IsNullOrWhiteSpace(v)));
        return text.Length is 0 ? null : text;
    }

    private static RefusedException Refuse(string why) => RefusedException.Because(400, "structure", why);
}

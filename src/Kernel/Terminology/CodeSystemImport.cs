using System.Text.Json;
using CsvHelper;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Terminology;

/// <summary>Makes a CodeSystem resource of a CSV: a column of codes, a column of names.</summary>
/// <remarks>Broader codes are found by prefix (A00 above A00.0 above A00.000), as in ICD-10 and the insurance's classifications.</remarks>
public static class CodeSystemImport
{
    public const int MostCodes = 500_000;
    private const int ShortestParent = 3;

    /// <summary>UTF-8 JSON of the resource, and the rows that were not taken, with why. Throws <see cref="RefusedException"/> (400) on a file without the columns.</summary>
    /// <param name="url">Canonical of the code system.</param>
    /// <param name="codeColumn">Name of the column of codes; the first when null.</param>
    /// <param name="nameColumn">Name of the column of names; the second when null.</param>
    public static (byte[] CodeSystem, IReadOnlyList<string> Refused) Read(
        TextReader csv, string id, string url, string title, string? codeColumn = null, string? nameColumn = null)
    {
        using var reader = CsvReader.Create(csv, new CsvReaderOptions { HasHeader = true, TrimWhitespace = true });
        reader.ReadHeader();
        var header = reader.Headers.ToArray().Select(h => h.Trim()).ToArray();
        var (codeAt, nameAt) = (Column(header, codeColumn, 0), Column(header, nameColumn, 1));
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var refused = new List<string>();
        while (reader.Read())
        {
            if (names.Count >= MostCodes) throw RefusedException.Because(400, "too-costly", $"A code system has at most {MostCodes} codes.");
            var (code, name) = (Field(reader, codeAt), Field(reader, nameAt));
            if (code.Length is 0 || name.Length is 0) refused.Add($"row {reader.RowNumber}: code or name is empty");
            else if (!names.TryAdd(code, name)) refused.Add($"row {reader.RowNumber}: code {code} stands twice");
        }

        return (Write(id, url, title, names), refused);
    }

    private static byte[] Write(string id, string url, string title, Dictionary<string, string> names)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("resourceType", "CodeSystem");
            json.WriteString("id", id);
            json.WriteString("url", url);
            json.WriteString("title", title);
            json.WriteString("status", "active");
            json.WriteString("content", "complete");
            json.WriteString("hierarchyMeaning", "is-a");
            json.WriteNumber("count", names.Count);
            json.WriteStartArray("property");
            json.WriteStartObject();
            json.WriteString("code", "parent");
            json.WriteString("uri", "http://hl7.org/fhir/concept-properties#parent");
            json.WriteString("type", "code");
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteStartArray("concept");
            foreach (var (code, name) in names) WriteConcept(json, code, name, Parent(code, names));
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static void WriteConcept(Utf8JsonWriter json, string code, string name, string? parent)
    {
        json.WriteStartObject();
        json.WriteString("code", code);
        json.WriteString("display", name);
        if (parent is not null)
        {
            json.WriteStartArray("property");
            json.WriteStartObject();
            json.WriteString("code", "parent");
            json.WriteString("valueCode", parent);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static string? Parent(string code, Dictionary<string, string> names)
    {
        for (var length = code.Length - 1; length >= ShortestParent; length--)
            if (names.ContainsKey(code[..length])) return code[..length];
        return null;
    }

    private static string Field(CsvReader reader, int column) => column < reader.FieldCount ? reader.GetString(column).Trim() : "";

    private static int Column(string[] header, string? name, int otherwise)
    {
        var at = name is null ? otherwise : Array.IndexOf(header, name);
        return at >= 0 && at < header.Length ? at : throw RefusedException.Because(400, "structure", $"The file has no column '{name}'; it has {string.Join(", ", header)}.");
    }
}

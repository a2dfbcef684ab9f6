using System.Text.Json;

namespace Tongxin.Kernel.Records.Search;

/// <summary>String rows: each part of a name or address by itself, Chinese ones also written together, by pinyin, and by what follows each character.</summary>
internal sealed class IndexStrings(Func<string, IEnumerable<string>> readings)
{
    /// <summary>Nobody types the pinyin of a longer text.</summary>
    public const int LongestRead = 32;

    /// <summary>Fewer digits are too many people.</summary>
    public const int ShortestPiece = 4;

    /// <summary>Longer codes (tokens, addresses of mail) are read by machines and found whole.</summary>
    private const int LongestNumber = 20;

    private static readonly string[] NameParts = ["text", "family", "given", "prefix", "suffix"];
    private static readonly string[] AddressParts = ["text", "state", "city", "district", "line", "postalCode", "country"];

    public void Add(SearchParameter parameter, string type, JsonElement value, List<StringEntry> rows)
    {
        switch (type)
        {
            case "HumanName":
                AddParts(parameter, value, NameParts, isName: true, rows);
                if (Together(value, ["family", "given"]) is { } name) AddDerived(parameter, name, isName: true, rows);
                break;
            case "Address":
                AddParts(parameter, value, AddressParts, isName: false, rows);
                if (Together(value, ["state", "city", "district", "line"]) is { } address) AddDerived(parameter, address, isName: false, rows);
                break;
            case "Identifier" or "ContactPoint":
                if (value.ValueKind is JsonValueKind.Object && value.Text("value") is { } number) AddPieces(parameter, number, rows);
                break;
            default:
                if (value.AsText() is { } text) AddText(parameter, text, IsName(parameter), rows);
                break;
        }
    }

    // A row from each character on, so that "contains" is "a row begins": numbers are short.
    private static void AddPieces(SearchParameter parameter, string number, List<StringEntry> rows)
    {
        var folded = Folding.Fold(number);
        if (folded.Length > LongestNumber) folded = folded[..LongestNumber];
        for (var from = 0; from == 0 || from <= folded.Length - ShortestPiece; from++)
            rows.Add(new(parameter, number, folded[from..], Original: from is 0));
    }

    private static bool IsName(SearchParameter parameter) => parameter.Code is "name" or "family" or "given" or "phonetic" or "title" or "alias";

    private void AddParts(SearchParameter parameter, JsonElement value, string[] parts, bool isName, List<StringEntry> rows)
    {
        if (value.ValueKind is not JsonValueKind.Object) return;
        foreach (var part in parts)
            if (value.TryGetProperty(part, out var found))
                foreach (var text in Texts(found)) AddText(parameter, text, isName, rows);
    }

    private void AddText(SearchParameter parameter, string text, bool isName, List<StringEntry> rows)
    {
        var folded = Folding.Fold(text);
        if (folded.Length is 0) return;
        rows.Add(new(parameter, text, folded));
        if (!Folding.HasHan(folded)) return;
        foreach (var tail in Folding.Tails(folded)) rows.Add(new(parameter, text, tail, Original: false));
        if (isName && folded.Length <= LongestRead) AddReadings(parameter, text, rows);
    }

    private void AddDerived(SearchParameter parameter, string text, bool isName, List<StringEntry> rows)
    {
        var folded = Folding.Fold(text);
        rows.Add(new(parameter, text, folded, Original: false));
        foreach (var tail in Folding.Tails(folded)) rows.Add(new(parameter, text, tail, Original: false));
        if (isName && folded.Length <= LongestRead) AddReadings(parameter, text, rows);
    }

    private void AddReadings(SearchParameter parameter, string text, List<StringEntry> rows)
    {
        foreach (var reading in readings(text))
            if (reading.Length > 0) rows.Add(new(parameter, text, reading, Original: false));
    }

    /// <summary>Chinese is written without spaces: 张 + 三 is looked for as 张三. Null when the parts are not Chinese or only one.</summary>
    private static string? Together(JsonElement value, string[] parts)
    {
        if (value.ValueKind is not JsonValueKind.Object) return null;
        var found = new List<string>();
        foreach (var part in parts)
            if (value.TryGetProperty(part, out var element)) found.AddRange(Texts(element));
        return found.Count > 1 && found.TrueForAll(Folding.HasHan) ? string.Concat(found) : null;
    }

    private static IEnumerable<string> Texts(JsonElement value)
    {
        if (value.AsText() is { } single) yield return single;
        if (value.ValueKind is not JsonValueKind.Array) yield break;
        foreach (var item in value.EnumerateArray())
            if (item.AsText() is { } text) yield return text;
    }
}

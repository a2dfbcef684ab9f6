using System.Text.Json;

namespace Tongxin.Kernel.Records.Search;

/// <summary>Token rows of codes, identifiers, contact points and booleans (FHIR R4 §3.1.1.4.10).</summary>
internal static class IndexTokens
{
    public static void Add(SearchParameter parameter, string type, JsonElement value, string? system, List<TokenEntry> rows)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.True:
                rows.Add(new(parameter, null, "true"));
                break;
            case JsonValueKind.False:
                rows.Add(new(parameter, null, "false"));
                break;
            case JsonValueKind.Number:
                rows.Add(new(parameter, null, value.GetRawText()));
                break;
            case JsonValueKind.String when value.AsText() is { } text:
                rows.Add(new(parameter, system, text));
                break;
            case JsonValueKind.Object:
                AddComplex(parameter, type, value, rows);
                break;
            default:
                break;
        }
    }

    private static void AddComplex(SearchParameter parameter, string type, JsonElement value, List<TokenEntry> rows)
    {
        switch (type)
        {
            case "CodeableConcept":
                AddConcept(parameter, value, rows);
                break;
            case "Coding":
                AddCoding(parameter, value, rows);
                break;
            case "Identifier":
                AddIdentifier(parameter, value, rows);
                break;
            case "ContactPoint" when value.Text("value") is { } contact:
                rows.Add(new(parameter, null, contact));
                break;
            default:
                break;
        }
    }

    private static void AddConcept(SearchParameter parameter, JsonElement concept, List<TokenEntry> rows)
    {
        var first = rows.Count;
        if (concept.TryGetProperty("coding"u8, out var codings) && codings.ValueKind is JsonValueKind.Array)
            foreach (var coding in codings.EnumerateArray())
                if (coding.ValueKind is JsonValueKind.Object) AddCoding(parameter, coding, rows);
        if (concept.Text("text") is not { } text) return;
        for (var i = first; i < rows.Count; i++)
            if (rows[i].Text == text) return;
        rows.Add(new(parameter, null, "", text));
    }

    private static void AddCoding(SearchParameter parameter, JsonElement coding, List<TokenEntry> rows)
    {
        string? system = null, code = null, display = null;
        foreach (var member in coding.EnumerateObject())
        {
            if (member.NameEquals("system"u8)) system = member.Value.AsText();
            else if (member.NameEquals("code"u8)) code = member.Value.AsText();
            else if (member.NameEquals("display"u8)) display = member.Value.AsText();
        }

        if (code is not null || display is not null) rows.Add(new(parameter, system, code ?? "", display));
    }

    private static void AddIdentifier(SearchParameter parameter, JsonElement identifier, List<TokenEntry> rows)
    {
        if (identifier.Text("value") is not { } value) return;
        var system = identifier.Text("system");
        if (!identifier.TryGetProperty("type"u8, out var type) || type.ValueKind is not JsonValueKind.Object)
        {
            rows.Add(new(parameter, system, value));
            return;
        }

        var text = type.Text("text");
        var before = rows.Count;
        if (type.TryGetProperty("coding"u8, out var codings) && codings.ValueKind is JsonValueKind.Array)
            foreach (var coding in codings.EnumerateArray())
                if (coding.ValueKind is JsonValueKind.Object && coding.Text("code") is { } code)
                    rows.Add(new(parameter, system, value, text ?? coding.Text("display"), coding.Text("system"), code));
        if (rows.Count == before) rows.Add(new(parameter, system, value, text));
    }
}

using System.Text.Json;

namespace Tongxin.Kernel.Records.Search;

/// <summary>Turns one FHIR value at the end of a search path into index rows (FHIR R4 §3.1.1.4, the table of each parameter type).</summary>
internal sealed class IndexValues(TimeSpan zone, Func<string, IEnumerable<string>> readings, IReadOnlyList<string> bases)
{
    private readonly IndexStrings strings = new(readings);

    /// <summary>A value of a type that the parameter type cannot index leaves no row.</summary>
    /// <param name="system">System of a plain code, where the element implies it.</param>
    /// <param name="target">Only references to this type count; null for any.</param>
    public void Add(SearchParameter parameter, string type, JsonElement value, string? system, string? target, IndexEntries rows)
    {
        switch (parameter.Type)
        {
            case SearchParameterType.Token:
                IndexTokens.Add(parameter, type, value, system, rows.Tokens);
                break;
            case SearchParameterType.String:
                strings.Add(parameter, type, value, rows.Strings);
                break;
            case SearchParameterType.Date:
                if (IndexDates.Read(type, value, zone) is { } range) rows.Dates.Add(new(parameter, range.From, range.To));
                break;
            case SearchParameterType.Number or SearchParameterType.Quantity:
                if (IndexQuantities.Read(parameter, type, value) is { } quantity) rows.Quantities.Add(quantity);
                break;
            case SearchParameterType.Reference:
                AddReference(parameter, type, value, target, rows.References);
                break;
            case SearchParameterType.Uri:
                if (value.ValueKind is JsonValueKind.String && value.GetString() is { Length: > 0 } uri) rows.Uris.Add(new(parameter, uri));
                break;
            default:
                break;
        }
    }

    private void AddReference(SearchParameter parameter, string type, JsonElement value, string? target, List<ReferenceEntry> rows)
    {
        switch (type)
        {
            case "Reference":
                AddReference(parameter, value, target, rows);
                break;
            case "Resource" when value.ValueKind is JsonValueKind.Object && value.Text("resourceType") is { } resource && value.Text("id") is { } id:
                rows.Add(new(parameter, resource, id));
                break;
            default:
                if (value.ValueKind is JsonValueKind.String && value.GetString() is { Length: > 0 } canonical) rows.Add(Canonical(parameter, canonical));
                break;
        }
    }

    private void AddReference(SearchParameter parameter, JsonElement value, string? target, List<ReferenceEntry> rows)
    {
        if (value.ValueKind is not JsonValueKind.Object) return;
        string? text = null, declared = null, system = null, identifier = null;
        foreach (var member in value.EnumerateObject())
        {
            if (member.NameEquals("reference"u8)) text = member.Value.AsText();
            else if (member.NameEquals("type"u8)) declared = member.Value.AsText();
            else if (member.NameEquals("identifier"u8) && member.Value.ValueKind is JsonValueKind.Object)
                (system, identifier) = (member.Value.Text("system"), member.Value.Text("value"));
        }

        var read = text is null ? null : ReferenceText.Read(text, bases);
        if (target is not null && (read?.Type ?? declared) != target) return;
        if (read is null && identifier is null) return;
        rows.Add(new(parameter, read?.Type ?? declared, read?.Id, read?.Url, read?.Version, system, identifier));
    }

    private ReferenceEntry Canonical(SearchParameter parameter, string canonical)
    {
        var bar = canonical.IndexOf('|', StringComparison.Ordinal);
        var url = bar < 0 ? canonical : canonical[..bar];
        var version = bar < 0 ? null : canonical[(bar + 1)..];
        return ReferenceText.Read(url, bases) is { IsLocal: true } local
            ? new(parameter, local.Type, local.Id, null, version)
            : new(parameter, null, null, url, version);
    }
}

/// <summary>Reading single members of JSON that may be of the wrong kind.</summary>
internal static class JsonText
{
    extension(JsonElement element)
    {
        /// <summary>The member's string; null when it is absent, empty or no string.</summary>
        public string? Text(string member) => element.TryGetProperty(member, out var value) ? value.AsText() : null;

        public string? AsText() => element.ValueKind is JsonValueKind.String && element.GetString() is { Length: > 0 } text ? text : null;
    }
}

using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Web.Fhir;

/// <summary>One interaction that is asked for: of an HTTP request, or of one entry of a batch or transaction. Not tied to a connection.</summary>
internal sealed record FhirCall
{
    public required Caller Caller { get; init; }

    /// <summary>Address of the server as the caller knows it, ending in a slash: <c>https://host/fhir/</c>.</summary>
    public required string Base { get; init; }

    public required string Method { get; init; }
    public required FhirAddress Address { get; init; }

    /// <summary>As in the address, without the question mark; empty for none.</summary>
    public string Query { get; init; } = "";

    /// <summary>Parameters of a form that was posted to <c>_search</c>, in the shape of a query.</summary>
    public string Form { get; init; } = "";

    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Media type of the body without parameters, lower case; empty for none.</summary>
    public string BodyType { get; init; } = "";

    public string? IfMatch { get; init; }
    public string? IfNoneMatch { get; init; }
    public string? IfModifiedSince { get; init; }
    public string? IfNoneExist { get; init; }
    public string? IdempotencyKey { get; init; }

    /// <summary>Where a stream of events was broken off; null for none.</summary>
    public string? LastEventId { get; init; }

    public Preference Prefer { get; init; } = Preference.None;

    /// <summary>True for an entry of a bundle: it may not hold another bundle's work.</summary>
    public bool IsEntry { get; init; }

    public IEnumerable<KeyValuePair<string, string>> Parameters =>
        Form.Length is 0 ? SearchQuery.Pairs(Query) : SearchQuery.Pairs(Query).Concat(SearchQuery.Pairs(Form));
}

/// <summary>The <c>Prefer</c> header (RFC 7240; FHIR R4 §3.1.0.1.4).</summary>
/// <param name="Return">Null when the caller does not say.</param>
internal sealed record Preference(string? Return, bool Lenient, bool Async)
{
    public static Preference None { get; } = new(null, false, false);

    public static Preference Parse(string? header)
    {
        if (string.IsNullOrEmpty(header)) return None;
        string? wanted = null;
        bool lenient = false, async = false;
        foreach (var part in header.Split([',', ';'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.StartsWith("return=", StringComparison.OrdinalIgnoreCase)) wanted = part["return=".Length..].Trim('"');
            else if (part.Equals("handling=lenient", StringComparison.OrdinalIgnoreCase)) lenient = true;
            else if (part.Equals("respond-async", StringComparison.OrdinalIgnoreCase)) async = true;
        }

        return new(wanted, lenient, async);
    }
}

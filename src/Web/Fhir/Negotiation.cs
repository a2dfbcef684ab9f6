using Tongxin.Fhir;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Web.Fhir;

/// <summary>Which representation is wanted and sent (FHIR R4 §3.1.0.1.11): JSON; XML and Turtle are refused, not answered in JSON.</summary>
internal static class Negotiation
{
    /// <summary>Throws <see cref="RefusedException"/> (406) when JSON will not do.</summary>
    public static void Check(string accept, string query)
    {
        if (query.Contains("_format", StringComparison.Ordinal))
        {
            // _format overrules Accept.
            foreach (var (name, value) in SearchQuery.Pairs(query))
                if (name is "_format") { if (value is "json" or "text/json" || IsJson(MediaType(value))) return; else throw OnlyJson(value); }
        }

        if (accept.Length is 0 or > 1_000) return;
        foreach (var range in accept.Split(','))
        {
            var type = MediaType(range);
            if (type is "*/*" or "application/*" or "application/ndjson" or "application/fhir+ndjson" or "text/event-stream" || IsJson(type)) return;
        }

        throw OnlyJson(accept);
    }

    public static bool IsJson(string type) => type is "application/fhir+json" or "application/json" or "application/json+fhir";

    /// <summary>Without parameters, lower case; empty for none.</summary>
    public static string MediaType(string? header)
    {
        if (string.IsNullOrEmpty(header)) return "";
        if (header is "application/fhir+json" or "application/json") return header;
        var end = header.IndexOf(';', StringComparison.Ordinal);
        // A plus sign in an address may have become a space.
        return (end < 0 ? header : header[..end]).Trim().Replace(' ', '+').ToLowerInvariant();
    }

    public static bool WantsPretty(string query) =>
        query.Contains("_pretty=true", StringComparison.Ordinal);

    private static RefusedException OnlyJson(string asked) =>
        RefusedException.Because(406, "not-supported", $"'{(asked.Length > 64 ? asked[..64] : asked)}' cannot be answered: this server speaks application/fhir+json.");
}

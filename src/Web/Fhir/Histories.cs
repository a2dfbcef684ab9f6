using System.Globalization;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Web.Fhir;

/// <summary>history of an instance, a type and the system, newest first (FHIR R4 §3.1.0.9).</summary>
internal static class Histories
{
    private const int PerEntry = 320;

    public static async Task<Answer> HistoryAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        var (type, id) = (call.Address.Type, call.Address.Id);
        var request = Understand(call, new(type.Length > 0 ? type : null, id.Length > 0 ? id : null, null, null, SearchRequest.DefaultCount, null));
        var page = await server.Record.HistoryAsync(call.Caller, request, cancel);
        var narrowed = request.Since is not null || request.Before is not null || request.Cursor is not null;
        if (id.Length > 0 && page.Versions.Count is 0 && !narrowed) throw Reading.NotThere(call.Address.Key);
        return new(200) { Body = Write(call, page) };
    }

    private static HistoryRequest Understand(FhirCall call, HistoryRequest request)
    {
        foreach (var (name, value) in call.Parameters)
        {
            request = name switch
            {
                "_format" or "_pretty" => request,
                "_count" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
                    ? request with { Count = Math.Min(count, SearchRequest.MostPerPage) }
                    : throw RefusedException.Because(400, "value", "'_count' of a history is a whole number from 1 on.", name),
                "_since" => request with { Since = Instant(name, value) },
                "_before" => request with { Before = Instant(name, value) },
                SearchQuery.CursorName => request with { Cursor = value },
                _ when call.Prefer.Lenient => request,
                _ => throw RefusedException.Because(
                    400, "not-supported", $"A history knows _since, _before and _count, not '{(name.Length > 64 ? name[..64] : name)}'.", name.Length > 64 ? null : name),
            };
        }

        return request;
    }

    private static DateTimeOffset Instant(string name, string value) =>
        // A plus sign in an address is a space; in an instant it can only have been a plus.
        DateTimeOffset.TryParse(value.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw RefusedException.Because(400, "value", $"'{name}' is an instant such as 2026-01-31T08:00:00+08:00.", name);

    private static ReadOnlyMemory<byte> Write(FhirCall call, HistoryPage page)
    {
        var bundle = new BundleWriter("history", page.Versions.Sum(v => v.Body.Length + PerEntry), page.Total);
        var path = call.Base + string.Join('/', new[] { call.Address.Type, call.Address.Id, "_history" }.Where(p => p.Length > 0));
        var rest = string.Concat(call.Parameters.Where(p => p.Key is not SearchQuery.CursorName)
            .Select(p => $"&{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(p.Value)}"));
        bundle.Links(
            call.Query.Length > 0 ? $"{path}?{call.Query}" : path,
            page.Next is null ? null : $"{path}?{SearchQuery.CursorName}={Uri.EscapeDataString(page.Next)}{rest}");
        foreach (var version in page.Versions) Write(bundle, call, version);
        return bundle.End();
    }

    private static void Write(BundleWriter bundle, FhirCall call, Stored version)
    {
        var place = version.Key.ToString();
        bundle.BeginEntry(call.Base + place);
        if (!version.IsDeleted) bundle.Resource(version.Body.Span);
        switch (version.Interaction)
        {
            case Interaction.Create: bundle.Request("POST", version.Key.Type); break;
            case Interaction.Update: bundle.Request("PUT", place); break;
            default: bundle.Request("DELETE", place); break;
        }

        bundle.Response(version switch { { IsDeleted: true } => "204", { Version: 1 } => "201", _ => "200" }, version);
        bundle.EndEntry();
    }
}

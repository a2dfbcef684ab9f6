using System.Text;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Web.Fhir;

/// <summary>A page of a search as a searchset Bundle with its links (FHIR R4 §3.1.1.4).</summary>
internal static class SearchBundle
{
    private const int PerEntry = 160;

    public static ReadOnlyMemory<byte> Write(FhirCall call, SearchRequest request, SearchPage page)
    {
        var size = 0;
        foreach (var match in page.Matches) size += match.Body.Length + PerEntry;
        foreach (var included in page.Included) size += included.Body.Length + PerEntry;
        var bundle = new BundleWriter("searchset", size, page.Total);
        bundle.Links(Link(call, request, null), page.Next is null ? null : Link(call, request, page.Next));
        if (request.Summary is not SummaryMode.Count)
        {
            var shape = new Shape(request.Summary, request.Elements);
            foreach (var match in page.Matches) Write(bundle, call, match, "match"u8, shape);
            foreach (var included in page.Included) Write(bundle, call, included, "include"u8, Shape.Whole);
        }

        if (request.Ignored.Count > 0) WriteIgnored(bundle, request.Ignored);
        return bundle.End();
    }

    private static void Write(BundleWriter bundle, FhirCall call, Stored stored, ReadOnlySpan<byte> mode, Shape shape)
    {
        bundle.BeginEntry($"{call.Base}{stored.Key.Type}/{stored.Key.Id}");
        bundle.Resource(shape.IsWhole ? stored.Body.Span : shape.Cut(stored.Key.Type, stored.Body));
        bundle.SearchMode(mode);
        bundle.EndEntry();
    }

    private static void WriteIgnored(BundleWriter bundle, IReadOnlyList<string> ignored)
    {
        bundle.BeginEntry(null);
        bundle.Resource(FhirJson.Outcome([.. ignored.Select(name =>
            new Issue(IssueSeverity.Warning, "not-supported", $"The parameter '{name}' was not understood and left out.", name))]));
        bundle.SearchMode("outcome"u8);
        bundle.EndEntry();
    }

    /// <summary>What was searched, as it was understood: what was left out is not in it.</summary>
    private static string Link(FhirCall call, SearchRequest request, string? next)
    {
        var link = new StringBuilder(call.Base, 256).Append(Path(call.Address));
        var separator = '?';
        foreach (var (name, value) in call.Parameters)
        {
            if (name is SearchQuery.CursorName && next is not null) continue;
            if (request.Ignored.Contains(name)) continue;
            link.Append(separator).Append(Escape(name)).Append('=').Append(Escape(value));
            separator = '&';
        }

        if (next is not null) link.Append(separator).Append(SearchQuery.CursorName).Append('=').Append(Escape(next));
        return link.ToString();
    }

    public static string Path(FhirAddress address) => address switch
    {
        { Id.Length: > 0, Name.Length: > 0 } => $"{address.Type}/{address.Id}/{address.Name}",
        { Id.Length: > 0 } => $"{address.Type}/{address.Id}",
        _ => address.Type,
    };

    private static string Escape(string text) =>
        text.AsSpan().ContainsAnyExcept(Plain) ? Uri.EscapeDataString(text) : text;

    private static readonly System.Buffers.SearchValues<char> Plain =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:,/");
}

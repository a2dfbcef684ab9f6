using System.Collections.Frozen;
using System.Globalization;
using Tongxin.Fhir;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Web.Fhir.Measures;

/// <summary>The indicators as Measure resources beside those on record: read by id, found by search. They are definitions of the program, not rows of the record.</summary>
/// <param name="catalogue">Null where no indicators stand.</param>
internal sealed class ShippedMeasures(IndicatorCatalogue? catalogue)
{
    private const char OwnCursor = '~';

    // What a page looks like, not what is on it.
    private static readonly FrozenSet<string> Shaping =
        FrozenSet.Create(StringComparer.Ordinal, "_count", "_sort", "_total", "_summary", "_elements", "_format", "_pretty", "_include", "_revinclude", SearchQuery.CursorName);

    private static readonly DateTimeOffset Built = new(File.GetLastWriteTimeUtc(typeof(ShippedMeasures).Assembly.Location), TimeSpan.Zero);

    private readonly Lazy<Dictionary<string, Stored>> all = new(() => (catalogue?.All ?? []).ToDictionary(i => i.Id, Body, StringComparer.Ordinal));

    public Indicator? Indicator(string id) => catalogue?.Find(id);

    /// <summary>Null when there is none of that id: the record is asked then.</summary>
    public async Task<Answer?> ReadAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        if (call.Address.Type is not "Measure" || !all.Value.TryGetValue(call.Address.Id, out var stored)) return null;
        var shape = Shape.Read(call);
        await server.Record.PermitDefinitionAsync(call.Caller, "Measure", cancel);
        return shape.IsWhole ? Answer.Of(stored) : Answer.Of(stored) with { Body = shape.Cut("Measure", stored.Body) };
    }

    /// <summary>The indicators that match, then the rows of the record: one search over both, page by page.</summary>
    public async Task<SearchPage> SearchAsync(FhirServer server, FhirCall call, SearchRequest request, CancellationToken cancel)
    {
        var found = call.Address is { Type: "Measure", Id.Length: 0 } ? Matching(call, request) : [];
        if (found.Count is 0 || (request.Cursor is not null && !IsOurs(request.Cursor))) return await server.Record.SearchAsync(call.Caller, request, cancel);
        // The two lists are told one after the other; an order over both would be neither's.
        if (request.Sort.Count > 0)
            throw RefusedException.Because(400, "not-supported", "Measures are not sorted: without _sort those of the program come first, in a fixed order.", "_sort");
        await server.Record.PermitDefinitionAsync(call.Caller, "Measure", cancel);
        var (from, own) = (request.Cursor is { } cursor ? int.Parse(cursor[1..], CultureInfo.InvariantCulture) : 0, request with { Cursor = null });
        List<Stored> shown = request.Summary is SummaryMode.Count ? [] : [.. found.Skip(from).Take(request.Count)];
        var isFull = shown.Count > 0 && shown.Count == request.Count;
        var rows = await server.Record.SearchAsync(
            call.Caller, isFull ? own with { Summary = SummaryMode.Count, Total = request.Total } : own with { Count = request.Count - shown.Count }, cancel);
        return new([.. shown, .. isFull ? [] : rows.Matches], rows.Included, request.Total is TotalMode.None && request.Summary is not SummaryMode.Count
            ? null : rows.Total + found.Count, isFull ? $"{OwnCursor}{from + shown.Count}" : rows.Next);
    }

    private static bool IsOurs(string cursor) => cursor.StartsWith(OwnCursor) && int.TryParse(cursor.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private List<Stored> Matching(FhirCall call, SearchRequest request)
    {
        var asked = call.Parameters.Where(p => !Shaping.Contains(p.Key) && !request.Ignored.Contains(p.Key)).ToList();
        return [.. (catalogue?.All ?? []).Where(i => asked.All(p => Matches(i, p.Key, p.Value))).Select(i => all.Value[i.Id])];
    }

    // What these parameters mean is FHIR's; any other says something about rows of the record.
    private static bool Matches(Indicator indicator, string parameter, string value) => parameter switch
    {
        "_id" => value.Split(',').Contains(indicator.Id),
        "url" => value.Split(',').Contains(MeasureBody.Url(indicator.Id)),
        "version" => value == indicator.Edition,
        "status" => value is "active",
        "title" => indicator.Title.StartsWith(value, StringComparison.OrdinalIgnoreCase),
        "title:contains" => indicator.Title.Contains(value, StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    private static Stored Body(Indicator indicator)
    {
        var body = MeasureBody.Measure(indicator);
        body["meta"] = new System.Text.Json.Nodes.JsonObject { ["versionId"] = "1", ["lastUpdated"] = ResourceBody.Instant(Built) };
        return new(new("Measure", indicator.Id), 1, Built, Interaction.Create, MeasureBody.Bytes(body));
    }
}

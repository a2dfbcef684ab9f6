using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Web.Fhir;

/// <summary>search of one type, of a compartment, and of several types (FHIR R4 §3.1.1), by GET and by a posted form.</summary>
internal static class Searching
{
    private const string FormType = "application/x-www-form-urlencoded";
    private const string TypeName = "_type";

    public static async Task<Answer> SearchAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        if (call.Method is "POST" && call.BodyType is not (FormType or ""))
            throw RefusedException.Because(415, "not-supported", $"A search is posted as {FormType}, not as '{call.BodyType}'.");
        var (request, page) = await FindAsync(server, call, cancel);
        return new(200) { Body = SearchBundle.Write(call, request, page) };
    }

    public static Task<(SearchRequest Request, SearchPage Page)> FindAsync(FhirServer server, FhirCall call, CancellationToken cancel) =>
        Types(call) is [var only] && call.Address.Name is not "*"
            ? OneTypeAsync(server, call, only, cancel)
            : SeveralTypesAsync(server, call, Types(call), cancel);

    /// <summary>The search that is asked for, narrowed to the compartment of the address if it has one.</summary>
    public static SearchRequest Understand(FhirServer server, FhirCall call, string type, IEnumerable<KeyValuePair<string, string>> parameters)
    {
        var request = server.Queries.Parse(type, parameters, call.Prefer.Lenient);
        return call.Address.Id.Length is 0 ? request : request with { Criteria = [.. request.Criteria, Within(call.Address.Key, type)] };
    }

    public static Criterion Within(ResourceKey owner, string type) =>
        new Criterion.InCompartment(Compartments.Parameters(owner.Type, type), owner);

    /// <summary>Types to search, in the order of paging.</summary>
    private static IReadOnlyList<string> Types(FhirCall call)
    {
        var address = call.Address;
        if (address.Id.Length is 0 && address.Type.Length > 0) return [address.Type];
        if (address.Id.Length > 0 && !Compartments.IsOwner(address.Type))
            throw RefusedException.Because(404, "not-supported", $"There is no compartment of {address.Type}.");
        if (address.Id.Length > 0 && address.Name is not "*")
        {
            return Compartments.Parameters(address.Type, address.Name).Count > 0
                ? [address.Name]
                : throw RefusedException.Because(404, "not-supported", $"{address.Name} is not in the compartment of {address.Type}.");
        }

        IReadOnlyList<string> all = address.Id.Length > 0 ? Compartments.Types(address.Type) : AllTypes;
        var asked = call.Parameters.Where(p => p.Key is TypeName).SelectMany(p => p.Value.Split(',', StringSplitOptions.RemoveEmptyEntries)).Distinct().ToList();
        return asked.FirstOrDefault(type => !all.Contains(type)) is { } unknown
            ? throw RefusedException.Because(400, "value", $"'{(unknown.Length > 64 ? unknown[..64] : unknown)}' is no type that can be searched here.", TypeName)
            : asked.Count > 0 ? asked : all;
    }

    private static readonly IReadOnlyList<string> AllTypes = [.. FirelyModel.ResourceTypes.Order(StringComparer.Ordinal)];

    private static async Task<(SearchRequest, SearchPage)> OneTypeAsync(FhirServer server, FhirCall call, string type, CancellationToken cancel)
    {
        var request = Understand(server, call, type, call.Parameters.Where(p => call.Address.Place is Place.Type or Place.TypeSearch || p.Key is not TypeName));
        return (request, await server.Measures.SearchAsync(server, call, request, cancel));
    }

    /// <summary>One type after the other; the cursor says in which the page before ended, so that links stay valid while data change.</summary>
    private static async Task<(SearchRequest, SearchPage)> SeveralTypesAsync(FhirServer server, FhirCall call, IReadOnlyList<string> types, CancellationToken cancel)
    {
        var parameters = call.Parameters.Where(p => p.Key is not (TypeName or SearchQuery.CursorName)).ToList();
        var (at, inner) = Where(call, types.Count);
        var requests = types.Select(type => Understand(server, call, type, parameters)).ToList();
        var first = requests[0];
        if (first.Sort.Count > 0) throw RefusedException.Because(400, "not-supported", "A search over several types cannot be sorted.", "_sort");

        long? total = null;
        if (first.Total is not TotalMode.None || first.Summary is SummaryMode.Count)
        {
            total = 0;
            foreach (var request in requests)
                total += (await server.Record.SearchAsync(call.Caller, request with { Summary = SummaryMode.Count, Total = TotalMode.Accurate }, cancel)).Total ?? 0;
            if (first.Summary is SummaryMode.Count) return (first, new([], [], total, null));
        }

        var (matches, included, next) = await CollectAsync(server, call, requests, at, inner, cancel);
        return (first, new(matches, included, total, next));
    }

    private static async Task<(List<Stored> Matches, List<Stored> Included, string? Next)> CollectAsync(
        FhirServer server, FhirCall call, List<SearchRequest> requests, int at, string? inner, CancellationToken cancel)
    {
        List<Stored> matches = [], included = [];
        var wanted = requests[0].Count;
        for (; at < requests.Count; at++, inner = null)
        {
            if (matches.Count >= wanted) return (matches, included, $"{at}~");
            var request = requests[at] with { Count = wanted - matches.Count, Cursor = inner, Total = TotalMode.None };
            var page = await server.Record.SearchAsync(call.Caller, request, cancel);
            matches.AddRange(page.Matches);
            included.AddRange(page.Included);
            if (page.Next is not null) return (matches, included, $"{at}~{page.Next}");
        }

        return (matches, included, null);
    }

    private static (int At, string? Inner) Where(FhirCall call, int types)
    {
        var cursor = call.Parameters.FirstOrDefault(p => p.Key is SearchQuery.CursorName).Value;
        if (cursor is null) return (0, null);
        var split = cursor.IndexOf('~', StringComparison.Ordinal);
        if (split <= 0 || !int.TryParse(cursor[..split], out var at) || at < 0 || at >= types)
            throw RefusedException.Because(400, "value", "The cursor is not one of this server's links.", SearchQuery.CursorName);
        return (at, split == cursor.Length - 1 ? null : cursor[(split + 1)..]);
    }
}

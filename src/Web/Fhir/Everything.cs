using Tongxin.Fhir;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Web.Fhir;

/// <summary><c>Patient/$everything</c> (FHIR R4 §8.1.12): the person, then the whole compartment type by type, page by page.</summary>
internal static class Everything
{
    private const int DefaultPage = 200;

    public static Operation Operation { get; } = new(
        "$everything", "http://hl7.org/fhir/OperationDefinition/Patient-everything", new HashSet<string> { "Patient" }, ChangesNothing: true)
    {
        Places = new HashSet<Place> { Place.InstanceOperation },
        Answer = AnswerAsync,
    };

    private static async Task<Answer> AnswerAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        var key = call.Address.Key;
        var parameters = call.Parameters.ToList();
        foreach (var (name, _) in parameters)
        {
            if (name is not ("_count" or "_type" or "_since" or "_format" or "_pretty" or SearchQuery.CursorName) && !call.Prefer.Lenient)
                throw RefusedException.Because(400, "not-supported", "$everything knows _type, _since and _count.", name.Length > 64 ? null : name);
        }

        var found = await server.Record.ReadAsync(call.Caller, key, cancel) ?? throw Reading.NotThere(key);
        if (found.IsDeleted) throw RefusedException.Because(410, "deleted", $"{key} was deleted.");

        // The same walk as a search of the compartment; the person stands in front of its first page.
        var rest = parameters.Where(p => p.Key is not "_since").ToList();
        if (parameters.FirstOrDefault(p => p.Key is "_since").Value is { } since) rest.Add(new("_lastUpdated", "ge" + since.Replace(' ', '+')));
        if (!rest.Exists(p => p.Key is "_count")) rest.Add(new("_count", $"{DefaultPage}"));
        var walk = call with { Query = Write(rest), Form = "", Address = new(Place.Compartment, key.Type, key.Id, "*") };
        var (request, page) = await Searching.FindAsync(server, walk, cancel);
        var isFirst = !parameters.Exists(p => p.Key is SearchQuery.CursorName);
        var matches = page.Matches.Where(m => m.Key != key);
        return new(200) { Body = SearchBundle.Write(call, request, page with { Matches = isFirst ? [found, .. matches] : [.. matches] }) };
    }

    private static string Write(IEnumerable<KeyValuePair<string, string>> parameters) =>
        string.Join('&', parameters.Select(p => $"{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(p.Value)}"));
}

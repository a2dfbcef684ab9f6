using System.Collections.Concurrent;
using System.Text.Json;
using Tongxin.Fhir.FhirPath;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Kernel.Records.Search;

/// <summary>Finds in a resource everything that search needs. Pure and thread-safe: the same body always gives the same rows.</summary>
/// <param name="zone">Offset of dates without one; China has one zone, UTC+8.</param>
/// <param name="readings">How a Chinese name is typed (pinyin, initials); lower case.</param>
/// <param name="bases">Addresses under which this server is known, ending in a slash.</param>
public sealed class SearchIndex(TimeSpan? zone = null, Func<string, IEnumerable<string>>? readings = null, IReadOnlyList<string>? bases = null)
{
    /// <summary>Rows of one composite in one resource; beyond it a hostile list of codings would multiply without end.</summary>
    public const int MostTuples = 200;

    public static readonly TimeSpan ChinaStandardTime = TimeSpan.FromHours(8);

    private static readonly ConcurrentDictionary<string, SearchPlan> Plans = new(StringComparer.Ordinal);

    private readonly IndexValues values = new(zone ?? ChinaStandardTime, readings ?? (_ => []), bases ?? []);

    /// <summary>No rows for what is not an R4 resource.</summary>
    public IndexEntries Extract(JsonElement resource)
    {
        var rows = new IndexEntries();
        if (resource.ValueKind is not JsonValueKind.Object || resource.Text("resourceType") is not { } type || SearchParameters.Of(type) is null) return rows;
        var plan = Plans.GetOrAdd(type, SearchPlan.Make);
        var walk = new Walk(values, resource, rows);
        walk.Visit(plan.Tree, resource, 0);
        foreach (var presence in plan.Presences)
            rows.Tokens.Add(new(presence, null, walk.IsPresent(presence) ? "true" : "false"));
        foreach (var computed in plan.Computed) Compute(computed, resource, rows);
        Distinct(rows.Tokens);
        Distinct(rows.Strings);
        Distinct(rows.References);
        Distinct(rows.Uris);
        Distinct(rows.Dates);
        Distinct(rows.Quantities);
        return rows;
    }

    private void Compute(SearchParameter parameter, JsonElement resource, IndexEntries rows)
    {
        var context = new FhirPathContext { Model = FirelyModel.R4, Resource = resource };
        foreach (var found in parameter.Expression!.Evaluate(resource, context))
        {
            if (found.Json.ValueKind is not JsonValueKind.Undefined && found.Type is { } type) values.Add(parameter, type, found.Json, null, null, rows);
            else if (found.Value is bool truth && parameter.Type is SearchParameterType.Token) rows.Tokens.Add(new(parameter, null, truth ? "true" : "false"));
        }
    }

    // Several paths of one parameter may reach the same value; the index tables hold sets.
    private static void Distinct<T>(List<T> rows)
    {
        const int few = 24;
        if (rows.Count < 2) return;
        if (rows.Count > few)
        {
            var seen = new HashSet<T>(rows.Count);
            rows.RemoveAll(row => !seen.Add(row));
            return;
        }

        for (var i = rows.Count - 1; i > 0; i--)
            if (rows.IndexOf(rows[i], 0, i) >= 0) rows.RemoveAt(i);
    }

    private sealed class Walk(IndexValues values, JsonElement resource, IndexEntries rows)
    {
        private List<SearchParameter>? present;
        private Walk? forParts;

        public bool IsPresent(SearchParameter parameter) => present?.Contains(parameter) is true;

        public void Visit(PathNode node, JsonElement element, int ordinal)
        {
            foreach (var leaf in node.Leaves) Take(leaf, node, element);
            foreach (var branch in node.Branches)
                if (Enters(branch.Condition, element, ordinal)) Visit(branch.Node, element, ordinal);
            if (node.Names is not { } names || element.ValueKind is not JsonValueKind.Object) return;
            foreach (var member in element.EnumerateObject())
            {
                if (names[member] is not { } next) continue;
                if (member.Value.ValueKind is not JsonValueKind.Array)
                {
                    Visit(next, member.Value, 0);
                    continue;
                }

                var at = 0;
                foreach (var item in member.Value.EnumerateArray()) Visit(next, item, at++);
            }
        }

        private void Take(PathLeaf leaf, PathNode node, JsonElement element)
        {
            if (element.ValueKind is JsonValueKind.Null) return;
            if (leaf.Parts is not null) TakeTuples(leaf, element);
            else if (!leaf.IsPresence) values.Add(leaf.Parameter, node.Type, element, node.System, leaf.Target, rows);
            else if (element.ValueKind is not JsonValueKind.False) (present ??= []).Add(leaf.Parameter);
        }

        private void TakeTuples(PathLeaf leaf, JsonElement element)
        {
            var parts = leaf.Parts!;
            var found = new List<object>[parts.Count];
            // Backwards, because the value comes last and is what is most often of another type: then nothing more is to be done.
            for (var i = parts.Count - 1; i >= 0; i--)
                if ((found[i] = PartValues(parts[i], element)).Count is 0) return;

            List<object[]> tuples = [[]];
            foreach (var each in found)
                tuples = tuples.Count is 1 && each.Count is 1 ? [[.. tuples[0], each[0]]]
                    : [.. (from tuple in tuples from value in each select (object[])[.. tuple, value]).Take(MostTuples)];
            foreach (var tuple in tuples) rows.Composites.Add(new(leaf.Parameter, tuple));
        }

        private List<object> PartValues(PartTree part, JsonElement element)
        {
            forParts ??= new(values, resource, new());
            forParts.Visit(part.Tree, part.FromResource ? resource : element, 0);
            return forParts.TakeRows();
        }

        private List<object> TakeRows()
        {
            List<object> taken = [];
            foreach (var token in rows.Tokens)
                if (token.Code.Length > 0) taken.Add(token);
            foreach (var text in rows.Strings)
                if (text.Original) taken.Add(text);
            foreach (var date in rows.Dates) taken.Add(date);
            foreach (var quantity in rows.Quantities) taken.Add(quantity);
            foreach (var reference in rows.References) taken.Add(reference);
            foreach (var uri in rows.Uris) taken.Add(uri);
            rows.Tokens.Clear();
            rows.Strings.Clear();
            rows.Dates.Clear();
            rows.Quantities.Clear();
            rows.References.Clear();
            rows.Uris.Clear();
            return taken;
        }

        private static bool Enters(PathStep condition, JsonElement element, int ordinal) => condition switch
        {
            PathStep.At at => at.Index == ordinal,
            PathStep.Where where => element.ValueKind is JsonValueKind.Object && element.Text(where.Name) == where.Literal,
            _ => false,
        };
    }
}

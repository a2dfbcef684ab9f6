using System.Globalization;
using Tongxin.Fhir;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Kernel.Records.Search;

/// <summary>Reads a query string into a <see cref="SearchRequest"/>: every name known, every value typed (FHIR R4 §3.1.1).</summary>
/// <remarks>
/// What is not understood is refused with 400 and the parameter's name; under lenient handling it is left out and listed in
/// <see cref="SearchRequest.Ignored"/>. <c>_filter</c>, <c>_text</c>, <c>_content</c>, <c>_query</c> and <c>_list</c> are not supported.
/// </remarks>
public sealed class SearchQuery(SearchMeaning meaning)
{
    public const int MostParameters = 64;
    public const int LongestText = 8_192;

    /// <summary>Name of the paging cursor in links.</summary>
    public const string CursorName = "_cursor";

    // The web layer answers these; they say how to send, not what to find.
    private static readonly string[] NotOurs = ["_format", "_pretty", "_contained", "_containedType"];

    private readonly CriterionReader criteria = new(meaning);

    /// <summary>Throws <see cref="RefusedException"/> (400) with the name of the first parameter that is wrong.</summary>
    public SearchRequest Parse(string type, IEnumerable<KeyValuePair<string, string>> parameters, bool lenient = false)
    {
        if (!FirelyModel.ResourceTypes.Contains(type)) throw RefusedException.Because(404, "not-supported", $"'{type}' is not a resource type of FHIR R4.");
        var reading = new Reading(new() { Type = type });
        var length = 0;
        var count = 0;
        foreach (var (name, value) in parameters)
        {
            length += name.Length + value.Length;
            if (++count > MostParameters) throw RefusedException.Because(400, "too-costly", $"A search has at most {MostParameters} parameters.");
            if (length > LongestText) throw RefusedException.Because(400, "too-long", $"A search has at most {LongestText} characters.");
            try
            {
                if (!reading.TakeResultParameter(name, value) && !NotOurs.Contains(name)) reading.Criteria.Add(criteria.Read(type, name, value));
            }
            catch (RefusedException) when (lenient)
            {
                reading.Ignored.Add(name);
            }
        }

        return reading.Request with { Criteria = reading.Criteria, Includes = reading.Includes, Ignored = reading.Ignored };
    }

    /// <summary>Reads <c>name=value&amp;name=value</c>, percent-encoded, as in <c>If-None-Exist</c> and conditional references.</summary>
    public SearchRequest Parse(string type, string query, bool lenient = false) => Parse(type, Pairs(query), lenient);

    public static IEnumerable<KeyValuePair<string, string>> Pairs(string query)
    {
        foreach (var pair in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            yield return equals < 0 ? new(Decode(pair), "") : new(Decode(pair[..equals]), Decode(pair[(equals + 1)..]));
        }
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private sealed class Reading(SearchRequest empty)
    {
        private readonly HashSet<string> seen = new(StringComparer.Ordinal);

        public SearchRequest Request { get; private set; } = empty;
        public List<Criterion> Criteria { get; } = [];
        public List<Include> Includes { get; } = [];
        public List<string> Ignored { get; } = [];

        /// <summary>True when the parameter says how to answer rather than what to find.</summary>
        public bool TakeResultParameter(string name, string value)
        {
            var colon = name.IndexOf(':', StringComparison.Ordinal);
            if ((colon < 0 ? name : name[..colon]) is "_include" or "_revinclude")
            {
                Includes.Add(ReadInclude(name, value));
                if (Includes.Count > MostIncludes) throw RefusedException.Because(400, "too-costly", $"A search has at most {MostIncludes} includes.", name);
                return true;
            }

            if (name is not ("_count" or "_sort" or "_total" or "_summary" or "_elements" or CursorName)) return false;
            if (!seen.Add(name)) throw RefusedException.Because(400, "value", $"'{name}' is given more than once.", name);
            Request = name switch
            {
                "_count" => WithCount(value),
                "_sort" => Request with { Sort = [.. Split(name, value).Select(ReadSort)] },
                "_total" => Request with { Total = Choose<TotalMode>(name, value) },
                "_summary" => Request with { Summary = Choose<SummaryMode>(name, value) },
                "_elements" => Request with { Elements = [.. Split(name, value).Select(ReadElement)] },
                _ => Request with { Cursor = value },
            };
            return true;
        }

        private const int MostIncludes = 20;
        private const int MostListed = 50;

        private SearchRequest WithCount(string value)
        {
            if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
                throw RefusedException.Because(400, "value", "'_count' is a whole number, zero or more.", "_count");
            // FHIR R4 §3.1.1.5.3: a count of zero asks for the total only.
            return count is 0 ? Request with { Summary = SummaryMode.Count } : Request with { Count = Math.Min(count, SearchRequest.MostPerPage) };
        }

        private static string[] Split(string name, string value)
        {
            var parts = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            return parts.Length is > 0 and <= MostListed ? parts : throw RefusedException.Because(400, "value", $"'{name}' lists 1 to {MostListed} names.", name);
        }

        private SortKey ReadSort(string key)
        {
            var descending = key.StartsWith('-');
            var code = descending ? key[1..] : key;
            var parameter = SearchParameters.Find(Request.Type, code);
            if (parameter is null or { Type: SearchParameterType.Composite or SearchParameterType.Special })
                throw RefusedException.Because(400, "not-supported", $"{Request.Type} cannot be sorted by '{code}'.", "_sort");
            return new(parameter, descending);
        }

        private string ReadElement(string name)
        {
            var plain = name.StartsWith(Request.Type + ".", StringComparison.Ordinal) ? name[(Request.Type.Length + 1)..] : name;
            return FirelyModel.R4.Type(Request.Type)!.Elements.ContainsKey(plain)
                ? plain
                : throw RefusedException.Because(400, "value", $"{Request.Type} has no element '{plain}'.", "_elements");
        }

        private Include ReadInclude(string name, string value)
        {
            var reverse = name.StartsWith("_rev", StringComparison.Ordinal);
            var modifier = name.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? name[(colon + 1)..] : "";
            if (modifier is not ("" or "iterate" or "recurse")) throw RefusedException.Because(400, "not-supported", $"'{name}' has an unknown modifier.", name);
            if (value is "*" && !reverse) return new(false, modifier.Length > 0, Request.Type, null, null);
            var parts = value.Split(':');
            if (parts.Length is not (2 or 3) || SearchParameters.Of(parts[0]) is not { } known || (parts.Length is 3 && !FirelyModel.ResourceTypes.Contains(parts[2])))
                throw RefusedException.Because(400, "value", $"'{name}' is written Type:parameter or Type:parameter:TargetType.", name);
            var target = parts.Length is 3 ? parts[2] : null;
            if (parts[1] is "*") return new(reverse, modifier.Length > 0, parts[0], null, target);
            if (known.GetValueOrDefault(parts[1]) is not { Type: SearchParameterType.Reference } parameter)
                throw RefusedException.Because(400, "not-supported", $"{parts[0]} has no reference parameter '{parts[1]}'.", name);
            return new(reverse, modifier.Length > 0, parts[0], parameter, target);
        }

        private static T Choose<T>(string name, string value) where T : struct, Enum
        {
            foreach (var choice in Enum.GetValues<T>())
                if (string.Equals(choice.ToString(), value, StringComparison.OrdinalIgnoreCase)) return choice;
            throw RefusedException.Because(400, "value", $"'{name}' is one of {string.Join(", ", Enum.GetNames<T>().Select(n => n.ToLowerInvariant()))}.", name);
        }
    }
}

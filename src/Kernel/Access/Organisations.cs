using System.Collections.Frozen;
using System.Text.Json;

namespace Tongxin.Kernel.Access;

/// <summary>One organisation of the tree, as its FHIR <c>Organization</c> says.</summary>
/// <param name="Kind">Code of <see cref="Organisations.KindSystem"/>: city, county, commission, hospital, disease-control, township, village; null when it says none.</param>
/// <param name="Division">Division code (GB/T 2260 and below); null when it has none.</param>
/// <param name="From">First day it exists; null: always did (extension organization-period).</param>
/// <param name="Until">Last day; null: still does.</param>
public sealed record Organisation(string Id, string Name, string? Kind, string? Parent, string? Division, bool Active, DateOnly? From, DateOnly? Until)
{
    /// <summary>Merged and closed places keep their people's past, so they stay in the tree; they only take nobody new.</summary>
    public bool IsOpenOn(DateOnly day) => Active && (From is null || From <= day) && (Until is null || day <= Until);
}

/// <summary>The tree of organisations: city → county → hospital or township centre → village clinic. A snapshot; a change of the record makes a new one.</summary>
/// <remarks>Pure and in memory: a function of the Organization resources. Rows keep the county they were stamped with; this tree says the county of today.</remarks>
public sealed class Organisations
{
    public const string KindSystem = "https://tongxin.health/cs/organisation-kind";
    public const string DivisionSystem = "https://tongxin.health/id/division";
    private const string PeriodExtension = "http://hl7.org/fhir/StructureDefinition/organization-period";

    /// <summary>Deeper than any tree of a city; a loop in the data ends here.</summary>
    private const int Deepest = 12;

    private readonly FrozenDictionary<string, Organisation> all;
    private readonly ILookup<string, string> below;

    public Organisations(IEnumerable<Organisation> organisations)
    {
        all = organisations.GroupBy(o => o.Id, StringComparer.Ordinal).ToFrozenDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        below = all.Values.Where(o => o.Parent is not null).ToLookup(o => o.Parent!, o => o.Id, StringComparer.Ordinal);
        OnlyCounty = all.Values.Where(o => o.Kind is "county").Take(2).ToList() is [var only] ? only : null;
    }

    public static Organisations None { get; } = new([]);

    public IEnumerable<Organisation> All => all.Values;

    public Organisation? Find(string? id) => id is null ? null : all.GetValueOrDefault(id);

    /// <summary>From itself upwards; empty when it is not known.</summary>
    public IEnumerable<Organisation> UpFrom(string? id)
    {
        var at = Find(id);
        for (var depth = 0; at is not null && depth < Deepest; depth++, at = Find(at.Parent)) yield return at;
    }

    /// <summary>Itself and all below, closed ones too; empty when it is not known.</summary>
    public IReadOnlySet<string> DownFrom(string? id)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        if (Find(id) is null) return found;
        var open = new Stack<string>([id!]);
        while (open.TryPop(out var next))
            if (found.Add(next))
                foreach (var child in below[next]) open.Push(child);
        return found;
    }

    /// <summary>The county it lies in: itself or the nearest above of that kind; null above a county.</summary>
    public Organisation? CountyOf(string? id) => UpFrom(id).FirstOrDefault(o => o.Kind is "county");

    /// <summary>The county of a platform that serves one; null when it serves several or none.</summary>
    public Organisation? OnlyCounty { get; }

    /// <summary>Counties within it: one for what lies in a county, several for a city.</summary>
    public IEnumerable<Organisation> CountiesOf(string? id) =>
        CountyOf(id) is { } county ? [county] : DownFrom(id).Select(Find).OfType<Organisation>().Where(o => o.Kind is "county");

    /// <summary>Reads one <c>Organization</c>; what it does not say is null.</summary>
    public static Organisation Read(string id, JsonElement body)
    {
        var period = Items(body, "extension").FirstOrDefault(e => Text(e, "url") is PeriodExtension);
        var valid = period.ValueKind is JsonValueKind.Object && period.TryGetProperty("valuePeriod", out var p) ? p : default;
        return new(
            id,
            Text(body, "name") ?? id,
            Items(body, "type").SelectMany(t => Items(t, "coding")).Where(c => Text(c, "system") is KindSystem).Select(c => Text(c, "code")).FirstOrDefault(),
            body.TryGetProperty("partOf", out var part) && Text(part, "reference") is { } above && above.StartsWith("Organization/", StringComparison.Ordinal)
                ? above["Organization/".Length..] : null,
            Items(body, "identifier").Where(i => Text(i, "system") is DivisionSystem).Select(i => Text(i, "value")).FirstOrDefault(),
            !(body.TryGetProperty("active", out var active) && active.ValueKind is JsonValueKind.False),
            Day(valid, "start"),
            Day(valid, "end"));
    }

    private static DateOnly? Day(JsonElement period, string name) =>
        Text(period, name) is { Length: >= 10 } text && DateOnly.TryParseExact(text[..10], "yyyy-MM-dd", out var day) ? day : null;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var found) && found.ValueKind is JsonValueKind.String ? found.GetString() : null;

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var found) && found.ValueKind is JsonValueKind.Array ? found.EnumerateArray() : [];
}

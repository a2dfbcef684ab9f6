using Tongxin.Kernel.Access;
using Tongxin.Web.Components;

namespace Tongxin.Host.Shell;

/// <summary>Whose work a list can be narrowed to, and to whom a task can be handed: the caller's organisation and those straight below it.</summary>
internal sealed record Colleagues(IReadOnlyList<(string Id, string Name)> Places, IReadOnlyList<(string Reference, string Name)> People)
{
    private const int Most = 200;

    public static async Task<Colleagues> OfAsync(RecordAccess records, Caller caller, bool withPeople, CancellationToken cancel)
    {
        if (caller.Organisation is not { } own) return new([], []);
        var below = await records.SearchAsync(caller, "Organization", $"partof=Organization/{own}&_sort=_id&_count={Most}", cancel);
        (string, string)[] places = [.. below.Matches.Select(JsonReading.Parse).Select(o => (o.Text("id") ?? "", o.Text("name") ?? ""))];
        if (!withPeople) return new(places, []);
        var houses = string.Join(',', places.Select(p => p.Item1).Prepend(own).Select(id => $"Organization/{id}"));
        var posts = await records.SearchAsync(caller, "PractitionerRole", $"organization={houses}&_sort=_id&_count={Most}", cancel);
        var people = posts.Matches.Select(JsonReading.Parse).Select(p => p.Member("practitioner")).OfType<System.Text.Json.JsonElement>()
            .Select(p => (p.Text("reference") ?? "", p.Text("display") ?? p.Text("reference") ?? "")).Distinct();
        return new(places, [.. people.Where(p => p.Item1.StartsWith("Practitioner/", StringComparison.Ordinal))]);
    }
}

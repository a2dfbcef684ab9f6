using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Modules.People;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>Another member of a person's household (户), whom the caller cares for, too.</summary>
public sealed record Household(string Id, string Name, DateOnly? Birth)
{
    private const int Most = 20;
    private const int Adulthood = 18;

    /// <summary>Who shares her household number, or stands with her in a household's list; herself and the dead left out.</summary>
    public static async Task<IReadOnlyList<Household>> OfAsync(RecordAccess records, Caller caller, JsonElement person, CancellationToken cancel)
    {
        var found = new List<JsonElement>();
        var self = person.Text("id") ?? "";
        if (person.Each("identifier").FirstOrDefault(i => i.Text("system") is ResidentCodes.HouseholdNumber) is { ValueKind: JsonValueKind.Object } number)
        {
            var page = await records.SearchAsync(
                caller, "Patient", $"identifier={ResidentCodes.HouseholdNumber}|{Uri.EscapeDataString(number.Text("value") ?? "")}&_count={Most}", cancel);
            found.AddRange(page.Matches.Select(m => JsonReading.Parse(m)));
        }
        else
        {
            // Lists of people are nobody's to read; the people on it are read through the caller's own door.
            var lists = await records.SearchAsync(Caller.System("household"), "Group", $"member=Patient/{self}&code=household&_count=1", cancel);
            var ids = lists.Matches.SelectMany(g => JsonReading.Parse(g).Each("member")).Select(m => m.IdIn("entity")).OfType<string>().Take(Most).ToList();
            if (ids.Count > 0)
                found.AddRange((await records.SearchAsync(caller, "Patient", $"_id={string.Join(',', ids)}&_count={Most}", cancel)).Matches.Select(m => JsonReading.Parse(m)));
        }

        return [.. found.Where(p => p.Text("id") != self && !KeyGroups.IsDead(p))
            .Select(p => new Household(p.Text("id") ?? "", p.First("name")?.Text("text") ?? "", JsonReading.Day(p.Text("birthDate"))))
            .OrderBy(m => m.Birth).ThenBy(m => m.Id, StringComparer.Ordinal)];
    }

    public static bool IsAdult(JsonElement person, DateOnly today) => JsonReading.Day(person.Text("birthDate")) is { } birth && birth.AddYears(Adulthood) <= today;
}

using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>Another member of a person's household (户), whom the caller cares for, too.</summary>
public sealed record Household(string Id, string Name, DateOnly? Birth)
{
    private const int Adulthood = 18;

    /// <summary>Who shares her household number, or stands with her in a household's list; herself and the dead left out.</summary>
    public static async Task<IReadOnlyList<Household>> OfAsync(RecordAccess records, Caller caller, JsonElement person, CancellationToken cancel)
    {
        var number = HouseholdList.NumberOf(person);
        var list = number is null ? await HouseholdList.OfAsync(records, person, cancel) : null;
        return [.. (await HouseholdList.MembersAsync(records, caller, list, number, cancel)).Where(p => p.Text("id") != person.Text("id"))
            .Select(p => new Household(p.Text("id") ?? "", p.First("name")?.Text("text") ?? "", JsonReading.Day(p.Text("birthDate"))))];
    }

    public static bool IsAdult(JsonElement person, DateOnly today) => JsonReading.Day(person.Text("birthDate")) is { } birth && birth.AddYears(Adulthood) <= today;
}

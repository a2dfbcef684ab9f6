using Tongxin.Kernel.People;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.People;

/// <summary>One person in a list: enough to tell her from others with her name, numbers masked.</summary>
public sealed record ResidentLine(string Id, string Name, string? Sex, DateOnly? Birth, string? Number, string? Phone, string? Address, bool IsOwn, bool IsDead)
{
    private const int Shown = 4;

    public static ResidentLine Read(Stored stored, bool isOwn)
    {
        var person = JsonReading.Parse(stored);
        var number = person.Each("identifier").FirstOrDefault(i => i.Text("system") == CitizenId.System).Text("value");
        return new(stored.Key.Id, PatientReading.Name(person), person.Text("gender"), JsonReading.Day(person.Text("birthDate")), Mask(number),
            person.Each("telecom").FirstOrDefault(t => t.Text("system") == "phone").Text("value"), person.First("address")?.Text("text"), isOwn,
            person.Member("deceasedDateTime") is not null || person.Member("deceasedBoolean")?.ValueKind is System.Text.Json.JsonValueKind.True);
    }

    /// <summary>Completed years; null when the birthday is unknown.</summary>
    public int? Age(DateOnly today) => Birth is { } b ? today.Year - b.Year - (today < b.AddYears(today.Year - b.Year) ? 1 : 0) : null;

    private static string? Mask(string? number) => number is { Length: > Shown } ? $"…{number[^Shown..]}" : null;
}

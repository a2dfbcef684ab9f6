using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Modules.People;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>户：the list (FHIR <c>Group</c>) that holds a household together, and the mark it bears.</summary>
/// <param name="Number">The number that its members share in their records; null when only the list says who they are.</param>
/// <param name="Mark">Null when it never bore one.</param>
/// <remarks>Lists of people are nobody's to read: they are read by the system, and the people on them through the caller's own door.</remarks>
internal sealed record HouseholdList(string Id, string? Number, IReadOnlyList<string> Listed, ReliefMark? Mark, Stored Stored)
{
    public const string Code = "household";
    private const string Codes = "https://tongxin.health/cs/group";
    private const int MostMembers = 30;
    private static readonly Caller Self = Caller.System("household");

    /// <summary>Null when nobody has made a list of her household.</summary>
    public static async Task<HouseholdList?> OfAsync(RecordAccess records, JsonElement person, CancellationToken cancel)
    {
        if (NumberOf(person) is { } number && await FindAsync(records, $"identifier={ResidentCodes.HouseholdNumber}|{Uri.EscapeDataString(number)}", cancel) is { } numbered)
            return numbered;
        return await FindAsync(records, $"member=Patient/{person.Text("id")}", cancel);
    }

    /// <summary>Households that bear a relief mark on a day and belong to one of the organisations.</summary>
    public static async Task<IReadOnlyList<HouseholdList>> MarkedAsync(RecordAccess records, IEnumerable<string> organisations, DateOnly today, CancellationToken cancel)
    {
        var found = new List<HouseholdList>();
        foreach (var some in organisations.Chunk(50))
        {
            var query = $"characteristic={ReliefMark.Codes}|{KeyGroups.Relief}&managing-entity={string.Join(',', some.Select(o => $"Organization/{o}"))}&_count=500";
            await foreach (var stored in ContractReading.PagesAsync(records, Self, "Group", query, ContractReading.Most, cancel))
                if (Read(stored) is { Mark: { } mark } list && mark.HoldsOn(today)) found.Add(list);
        }

        return found;
    }

    /// <summary>The number that her record and those of her household share; null when it has none.</summary>
    public static string? NumberOf(JsonElement person) =>
        person.Each("identifier").Where(i => i.Text("system") is ResidentCodes.HouseholdNumber).Select(i => i.Text("value")).FirstOrDefault(v => v is { Length: > 0 });

    /// <summary>The living of a household as far as the caller sees them, the eldest first.</summary>
    public static async Task<IReadOnlyList<JsonElement>> MembersAsync(
        RecordAccess records, Caller caller, HouseholdList? list, string? number, CancellationToken cancel)
    {
        var found = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (number is not null)
            foreach (var stored in (await records.SearchAsync(caller, "Patient",
                $"identifier={ResidentCodes.HouseholdNumber}|{Uri.EscapeDataString(number)}&_count={MostMembers}", cancel)).Matches)
                found[stored.Key.Id] = JsonReading.Parse(stored);
        foreach (var (id, person) in await ContractReading.PeopleAsync(records, caller, [.. (list?.Listed ?? []).Where(m => !found.ContainsKey(m)).Take(MostMembers)], cancel))
            found[id] = person;
        return [.. found.Values.Where(p => !KeyGroups.IsGone(p)).OrderBy(p => p.Text("birthDate"), StringComparer.Ordinal).ThenBy(p => p.Text("id"), StringComparer.Ordinal)];
    }

    /// <summary>Somebody of the household. Refuses 404 when she is not there or not the caller's to see.</summary>
    public static async Task<JsonElement> PersonAsync(RecordAccess records, Caller caller, string patient, CancellationToken cancel) =>
        ResourceKey.IsLegalId(patient) && await records.ReadAsync(caller, new("Patient", patient), cancel) is { IsDeleted: false } stored
            ? JsonReading.Parse(stored) : throw RefusedException.Because(404, "not-found", "没有这个人。");

    /// <summary>A list for a household of which there is none: whose record names the number, or she alone.</summary>
    public static JsonObject New(JsonElement person, IEnumerable<string> members)
    {
        var list = new JsonObject
        {
            ["resourceType"] = "Group", ["id"] = StableId.Of("household", NumberOf(person) ?? $"Patient/{person.Text("id")}"),
            ["active"] = true, ["type"] = "person", ["actual"] = true, ["code"] = JsonWriting.Concept(Codes, Code, "家庭"),
            ["member"] = new JsonArray([.. members.Select(m => new JsonObject { ["entity"] = JsonWriting.Reference($"Patient/{m}") })]),
        };
        if (NumberOf(person) is { } number) list["identifier"] = new JsonArray(new JsonObject { ["system"] = ResidentCodes.HouseholdNumber, ["value"] = number });
        if (person.IdIn("managingOrganization") is { } place) list["managingEntity"] = JsonWriting.Reference($"Organization/{place}");
        return list;
    }

    public static HouseholdList Read(Stored stored)
    {
        var body = JsonReading.Parse(stored);
        return new(stored.Key.Id, NumberOf(body), [.. body.Each("member").Select(m => m.IdIn("entity")).OfType<string>()], ReliefMark.Read(body), stored);
    }

    private static async Task<HouseholdList?> FindAsync(RecordAccess records, string query, CancellationToken cancel) =>
        (await records.SearchAsync(Self, "Group", $"{query}&code={Codes}|{Code}&_count=1", cancel)).Matches is [var stored, ..] ? Read(stored) : null;
}

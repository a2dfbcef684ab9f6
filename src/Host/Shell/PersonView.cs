using System.Globalization;
using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;

namespace Tongxin.Host.Shell;

/// <summary>One person as the pages show her: banner, programmes, visits, the course of her readings. Read through the door, as the caller may see it.</summary>
internal sealed record PersonView
{
    private const int MostReadings = 60;

    public required string Id { get; init; }
    public required string Name { get; init; }
    public required bool? IsMale { get; init; }
    public required DateOnly? Birth { get; init; }
    public required bool IsDead { get; init; }
    public required string? MaskedNumber { get; init; }
    public required string? Phone { get; init; }
    public required string Address { get; init; }
    public IReadOnlyList<(string Programme, string Status, string? Since)> Programmes { get; init; } = [];
    public IReadOnlyList<(DateOnly Date, int Systolic, int Diastolic)> Pressures { get; init; } = [];
    public IReadOnlyList<(DateOnly Date, decimal Value)> Glucoses { get; init; } = [];
    public IReadOnlyList<(DateOnly Date, string What, string Detail, string Reference)> Events { get; init; } = [];

    public int? Age(DateOnly today) => Birth is { } b ? today.Year - b.Year - (today < b.AddYears(today.Year - b.Year) ? 1 : 0) : null;

    /// <summary>The banner only: what a list shows.</summary>
    public static PersonView Banner(JsonElement patient) => new()
    {
        Id = patient.GetProperty("id").GetString()!,
        Name = patient.TryGetProperty("name", out var names) && names[0].TryGetProperty("text", out var text) ? text.GetString()! : "",
        IsMale = patient.TryGetProperty("gender", out var sex) ? sex.GetString() switch { "male" => true, "female" => false, _ => null } : null,
        Birth = patient.TryGetProperty("birthDate", out var birth) ? Day(birth.GetString()) : null,
        IsDead = patient.TryGetProperty("deceasedDateTime", out _) || (patient.TryGetProperty("deceasedBoolean", out var dead) && dead.GetBoolean()),
        MaskedNumber = Each(patient, "identifier").Select(i => i.TryGetProperty("value", out var v) && CitizenId.TryParse(v.GetString(), out var id) ? id.Masked : null).FirstOrDefault(m => m is not null),
        Phone = Each(patient, "telecom").Select(t => t.TryGetProperty("value", out var v) ? v.GetString() : null).FirstOrDefault(),
        Address = Each(patient, "address").Select(a => a.TryGetProperty("text", out var v) ? v.GetString() : null).FirstOrDefault() ?? "",
    };

    /// <summary>Null when she is not there or the caller may not see her.</summary>
    public static async Task<PersonView?> ReadAsync(RecordAccess records, Caller caller, string id, CancellationToken cancel)
    {
        if (!ResourceKey.IsLegalId(id) || await records.ReadAsync(caller, new("Patient", id), cancel) is not { IsDeleted: false } stored) return null;
        using var patient = JsonDocument.Parse(stored.Body);
        var observations = await ListAsync(records, caller, "Observation", $"patient={id}&_sort=-date&_count=300", cancel);
        var episodes = await ListAsync(records, caller, "EpisodeOfCare", $"patient={id}&_count=50", cancel);
        var encounters = await ListAsync(records, caller, "Encounter", $"patient={id}&_sort=-date&_count=100", cancel);
        return Banner(patient.RootElement.Clone()) with
        {
            Programmes = [.. episodes.Select(e => (Code(e, "type", 0) ?? "", e.GetProperty("status").GetString()!, e.TryGetProperty("period", out var p) && p.TryGetProperty("start", out var s) ? s.GetString() : null))],
            Pressures = [.. observations.Select(Pressure).OfType<(DateOnly, int, int)>().Take(MostReadings)],
            Glucoses = [.. observations.Where(o => Code(o, "code") is "14771-0" or "1558-6" && Day(o) is not null && Number(o) is not null).Select(o => (Day(o)!.Value, Number(o)!.Value)).Take(MostReadings)],
            Events = [.. encounters.Select(e => (Day(e.TryGetProperty("period", out var p) && p.TryGetProperty("start", out var s) ? s.GetString() : null) ?? default, TypeText(e), "", $"Encounter/{e.GetProperty("id").GetString()}"))
                .Concat(observations.Where(o => Code(o, "category", 0) is "assessment").Select(o => (Day(o) ?? default, Display(o), Note(o), $"Observation/{o.GetProperty("id").GetString()}")))
                .OrderByDescending(e => e.Item1).Take(60)],
        };
    }

    private static async Task<List<JsonElement>> ListAsync(RecordAccess records, Caller caller, string type, string query, CancellationToken cancel) =>
        [.. (await records.SearchAsync(caller, type, query, cancel)).Matches.Select(m => { using var json = JsonDocument.Parse(m.Body); return json.RootElement.Clone(); })];

    private static (DateOnly, int, int)? Pressure(JsonElement o)
    {
        int? systolic = null, diastolic = null;
        foreach (var part in Each(o, "component"))
            if (part.TryGetProperty("valueQuantity", out var q) && q.TryGetProperty("value", out var v))
                switch (Code(part, "code"))
                {
                    case "8480-6": systolic = (int)v.GetDecimal(); break;
                    case "8462-4": diastolic = (int)v.GetDecimal(); break;
                }
        return systolic is { } s && diastolic is { } d && Day(o) is { } day ? (day, s, d) : null;
    }

    private static string TypeText(JsonElement encounter) => Each(encounter, "type").SelectMany(t => Each(t, "coding")).Select(c => c.TryGetProperty("display", out var d) ? d.GetString() : null).FirstOrDefault() ?? "";

    private static string Display(JsonElement o) => Each(o.GetProperty("code"), "coding").Select(c => c.TryGetProperty("display", out var d) ? d.GetString() : null).FirstOrDefault() ?? "";

    private static string Note(JsonElement o) => string.Join(" ", Each(o, "note").Select(n => n.GetProperty("text").GetString()));

    private static decimal? Number(JsonElement o) => o.TryGetProperty("valueQuantity", out var q) && q.TryGetProperty("value", out var v) ? v.GetDecimal() : null;

    private static string? Code(JsonElement e, string member) => e.TryGetProperty(member, out var concept) ? Each(concept, "coding").Select(c => c.TryGetProperty("code", out var v) ? v.GetString() : null).FirstOrDefault() : null;

    private static string? Code(JsonElement e, string member, int at) => Each(e, member).Skip(at).SelectMany(c => Each(c, "coding")).Select(c => c.TryGetProperty("code", out var v) ? v.GetString() : null).FirstOrDefault();

    private static DateOnly? Day(JsonElement o) => o.TryGetProperty("effectiveDateTime", out var at) ? Day(at.GetString()) : null;

    private static DateOnly? Day(string? text) => text is { Length: >= 10 } && DateOnly.TryParseExact(
        text.Length > 10 && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var instant) ? instant.ToOffset(LocalTime.Offset).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : text[..10],
        "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    private static IEnumerable<JsonElement> Each(JsonElement e, string member) => e.TryGetProperty(member, out var list) && list.ValueKind is JsonValueKind.Array ? list.EnumerateArray() : [];
}

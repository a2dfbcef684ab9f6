using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Host.Shell;

/// <summary>One person as the pages show her: banner, programmes, visits, the course of her readings. Read through the door, as the caller may see it.</summary>
internal sealed record PersonView
{
    private const int MostReadings = 60;
    private const int MostEvents = 60;
    private static readonly string[] FastingGlucose = ["14771-0", "1558-6"];

    public required string Id { get; init; }
    public required string Name { get; init; }

    /// <summary>Null when unknown.</summary>
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

    /// <summary>Completed years on a day; null when the birthday is unknown.</summary>
    public int? Age(DateOnly today) => Birth is { } b ? today.Year - b.Year - (today < b.AddYears(today.Year - b.Year) ? 1 : 0) : null;

    /// <summary>The banner only: what a list shows.</summary>
    public static PersonView Banner(JsonElement patient) => new()
    {
        Id = patient.Text("id") ?? "",
        Name = patient.First("name")?.Text("text") ?? "",
        IsMale = patient.Text("gender") switch { "male" => true, "female" => false, _ => null },
        Birth = JsonReading.Day(patient.Text("birthDate")),
        IsDead = patient.Text("deceasedDateTime") is not null || (patient.Member("deceasedBoolean") is { } dead && dead.GetBoolean()),
        MaskedNumber = patient.Each("identifier").Select(i => CitizenId.TryParse(i.Text("value"), out var id) ? id.Masked : null).FirstOrDefault(m => m is not null),
        Phone = patient.First("telecom")?.Text("value"),
        Address = patient.First("address")?.Text("text") ?? "",
    };

    /// <summary>Null when she is not there or the caller may not see her.</summary>
    public static async Task<PersonView?> ReadAsync(RecordAccess records, Caller caller, string id, CancellationToken cancel)
    {
        if (!ResourceKey.IsLegalId(id) || await records.ReadAsync(caller, new("Patient", id), cancel) is not { IsDeleted: false } stored) return null;
        var observations = await ListAsync(records, caller, "Observation", $"patient={id}&_sort=-date&_count=300", cancel);
        var episodes = await ListAsync(records, caller, "EpisodeOfCare", $"patient={id}&_count=50", cancel);
        var encounters = await ListAsync(records, caller, "Encounter", $"patient={id}&_sort=-date&_count=100", cancel);
        var events = encounters.Select(VisitEvent).Concat(observations.Where(o => o.First("category")?.Code() is "assessment").Select(JudgedEvent));
        return Banner(Parse(stored)) with
        {
            Programmes = [.. episodes.Select(e => (e.First("type")?.Code() ?? "", e.Text("status") ?? "", e.Member("period")?.Text("start")))],
            Pressures = [.. observations.Select(Pressure).OfType<(DateOnly, int, int)>().Take(MostReadings)],
            Glucoses = [.. observations.Select(Glucose).OfType<(DateOnly, decimal)>().Take(MostReadings)],
            Events = [.. events.OrderByDescending(e => e.Date).Take(MostEvents)],
        };
    }

    private static async Task<List<JsonElement>> ListAsync(RecordAccess records, Caller caller, string type, string query, CancellationToken cancel) =>
        [.. (await records.SearchAsync(caller, type, query, cancel)).Matches.Select(Parse)];

    private static JsonElement Parse(Stored stored)
    {
        using var json = JsonDocument.Parse(stored.Body);
        return json.RootElement.Clone();
    }

    private static (DateOnly Date, string What, string Detail, string Reference) VisitEvent(JsonElement encounter) => (
        JsonReading.Day(encounter.Member("period")?.Text("start")) ?? default, encounter.First("type")?.Display() ?? "", "", $"Encounter/{encounter.Text("id")}");

    private static (DateOnly Date, string What, string Detail, string Reference) JudgedEvent(JsonElement assessment) => (
        JsonReading.Day(assessment.Text("effectiveDateTime")) ?? default, assessment.Member("code")?.Display() ?? "",
        string.Join(" ", assessment.Each("note").Select(n => n.Text("text"))), assessment.First("derivedFrom")?.Text("reference") ?? "");

    private static (DateOnly, int, int)? Pressure(JsonElement observation)
    {
        int? systolic = null, diastolic = null;
        foreach (var part in observation.Each("component"))
            switch (part.Member("code")?.Code())
            {
                case "8480-6": systolic = (int?)part.Quantity(); break;
                case "8462-4": diastolic = (int?)part.Quantity(); break;
            }

        return systolic is { } s && diastolic is { } d && JsonReading.Day(observation.Text("effectiveDateTime")) is { } day ? (day, s, d) : null;
    }

    private static (DateOnly, decimal)? Glucose(JsonElement observation) =>
        FastingGlucose.Contains(observation.Member("code")?.Code()) && observation.Quantity() is { } value && JsonReading.Day(observation.Text("effectiveDateTime")) is { } day
            ? (day, value)
            : null;
}

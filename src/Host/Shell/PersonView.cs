using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Host.Shell;

/// <summary>One person as the pages show her: banner, programmes, visits, the course of her readings. Read through the door, as the caller may see it.</summary>
public sealed record PersonView
{
    private const int MostReadings = 60;
    private const int MostEvents = 60;
    private const int MostAllergies = 20;
    private const int MostProblems = 40;

    /// <summary>The id of the Patient.</summary>
    public required string Id { get; init; }

    /// <summary>The name as written, 张三; empty when there is none.</summary>
    public required string Name { get; init; }

    /// <summary>Null when unknown.</summary>
    public required bool? IsMale { get; init; }

    /// <summary>Null when unknown or known only by year.</summary>
    public required DateOnly? Birth { get; init; }

    /// <summary>She is known to have died.</summary>
    public required bool IsDead { get; init; }

    /// <summary>The identity number with its middle hidden; null without one.</summary>
    public required string? MaskedNumber { get; init; }

    /// <summary>The first phone; null without one.</summary>
    public required string? Phone { get; init; }

    /// <summary>The first address in one line; empty without one.</summary>
    public required string Address { get; init; }

    /// <summary>What she is allergic to, in words; empty when nobody asked or nothing is known.</summary>
    public IReadOnlyList<string> Allergies { get; init; } = [];

    /// <summary>The programmes she is or was in, with the state of the episode and the day it began.</summary>
    public IReadOnlyList<(string Programme, string Status, string? Since)> Programmes { get; init; } = [];

    /// <summary>Blood pressures in mmHg, newest first.</summary>
    public IReadOnlyList<(DateOnly Date, int Systolic, int Diastolic)> Pressures { get; init; } = [];

    /// <summary>Fasting glucose in mmol/L, newest first.</summary>
    public IReadOnlyList<(DateOnly Date, decimal Value)> Glucoses { get; init; } = [];

    /// <summary>Visits and verdicts, newest first, each with the reference of what it came from.</summary>
    public IReadOnlyList<PersonEvent> Events { get; init; } = [];

    /// <summary>What she suffers from now, with its code and since when.</summary>
    public IReadOnlyList<(string Problem, string? Code, string? Since)> Problems { get; init; } = [];

    /// <summary>What she takes now, with its dose in words.</summary>
    public IReadOnlyList<(string Medicine, string Dose)> Medicines { get; init; } = [];

    /// <summary>The last verdict of a programme; null when none is on record.</summary>
    public PersonEvent? LastOf(string programme) => Events.FirstOrDefault(e => e.Kind == programme);

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
        var allergies = await ListAsync(records, caller, "AllergyIntolerance", $"patient={id}&_count={MostAllergies}", cancel);
        var problems = await ListAsync(records, caller, "Condition", $"patient={id}&clinical-status=active,recurrence,relapse&_count={MostProblems}", cancel);
        var medicines = await ListAsync(records, caller, "MedicationStatement", $"patient={id}&status=active&_sort=-_lastUpdated&_count={MostProblems}", cancel);
        return Banner(JsonReading.Parse(stored)) with
        {
            Allergies = [.. allergies.Select(a => a.Member("code")?.Text("text") ?? a.Member("code")?.Display()).OfType<string>()],
            Programmes = [.. episodes.Select(e => (e.First("type")?.Code() ?? "", e.Text("status") ?? "", e.Member("period")?.Text("start")))],
            Pressures = [.. observations.Select(Readings.Pressure).OfType<(DateOnly, int, int)>().Take(MostReadings)],
            Glucoses = [.. observations.Select(Readings.Glucose).OfType<(DateOnly, decimal)>().Take(MostReadings)],
            Events = PersonEvents.Of(encounters, observations, MostEvents),
            Problems = [.. problems.Select(p => (p.Member("code") is { } code ? code.Text("text") ?? code.Display() ?? "" : "", p.Member("code")?.Code(),
                p.Text("onsetDateTime") ?? p.Text("recordedDate")))],
            Medicines = [.. medicines.Select(m => (m.Member("medicationCodeableConcept") is { } what ? what.Text("text") ?? what.Display() ?? "" : "",
                m.First("dosage")?.Text("text") ?? "")).DistinctBy(m => m.Item1)],
        };
    }

    private static async Task<List<JsonElement>> ListAsync(RecordAccess records, Caller caller, string type, string query, CancellationToken cancel) =>
        [.. (await records.SearchAsync(caller, type, query, cancel)).Matches.Select(JsonReading.Parse)];
}

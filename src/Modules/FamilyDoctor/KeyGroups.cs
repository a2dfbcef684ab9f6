using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>The key groups (重点人群) whose every willing member is to be signed (应签尽签): whether a person belongs to one is derived from her record.</summary>
/// <remarks>By age, by a running programme, by a flag of category <see cref="Flags"/> that somebody with the papers set,
/// or by the mark of her household (handbook §4).</remarks>
public static class KeyGroups
{
    public const string Flags = "https://tongxin.health/cs/key-group";
    public const string Elderly = "elderly";
    public const string Child = "child";

    /// <summary>脱贫户、监测户: everybody of a household that bears the <see cref="ReliefMark"/>.</summary>
    public const string Relief = "poverty-relief";
    internal const int ElderlyAge = 65;
    internal const int ChildBelow = 7;

    /// <summary>Codes of programmes whose enrolled are a key group, which has the programme's code.</summary>
    public static readonly IReadOnlyList<string> Programmes = ["maternal", "hypertension", "diabetes", "tuberculosis", "severe-mental-disorders"];

    public static readonly IReadOnlyList<string> Flagged = ["disabled", "special-family-planning", "retired-cadre"];

    /// <summary>All groups in the order of the norm.</summary>
    public static IReadOnlyList<string> All { get; } = [Elderly, Child, .. Programmes, Relief, .. Flagged];

    public static bool IsDead(JsonElement patient) => patient.Text("deceasedDateTime") is not null || patient.Member("deceasedBoolean")?.ValueKind is JsonValueKind.True;

    /// <summary>Dead, or a record that was merged into another.</summary>
    public static bool IsGone(JsonElement patient) => IsDead(patient) || patient.Member("active")?.ValueKind is JsonValueKind.False;

    /// <summary>Groups by age; empty when the birthday is unknown.</summary>
    public static IEnumerable<string> ByAge(DateOnly? birth, DateOnly today)
    {
        if (birth is not { } born) yield break;
        if (born.AddYears(ElderlyAge) <= today) yield return Elderly;
        if (born.AddYears(ChildBelow) > today) yield return Child;
    }

    /// <summary>Group of a running enrolment; null when it is none.</summary>
    public static string? OfEpisode(JsonElement episode) =>
        episode.Text("status") is "active" && episode.First("type")?.CodeIn(ProgrammeCodes.Programme) is { } code && Programmes.Contains(code) ? code : null;

    /// <summary>Group of an active flag; null when it is none.</summary>
    public static string? OfFlag(JsonElement flag) =>
        flag.Text("status") is "active" && flag.Member("code")?.CodeIn(Flags) is { } code && Flagged.Contains(code) ? code : null;

    /// <summary>The groups of one person, as the caller may see them.</summary>
    public static async Task<IReadOnlySet<string>> OfPersonAsync(RecordAccess records, Caller caller, JsonElement patient, DateOnly today, CancellationToken cancel)
    {
        var id = patient.Text("id");
        var episodes = await records.SearchAsync(caller, "EpisodeOfCare", $"patient=Patient/{id}&status=active&_count=100", cancel);
        var flags = await records.SearchAsync(caller, "Flag", $"patient=Patient/{id}&_count=100", cancel);
        var isRelief = await HouseholdList.OfAsync(records, patient, cancel) is { Mark: { } mark } && mark.HoldsOn(today);
        return ByAge(JsonReading.Day(patient.Text("birthDate")), today)
            .Concat(episodes.Matches.Select(e => OfEpisode(JsonReading.Parse(e))).OfType<string>())
            .Concat(flags.Matches.Select(f => OfFlag(JsonReading.Parse(f))).OfType<string>())
            .Concat(isRelief ? [Relief] : []).ToHashSet(StringComparer.Ordinal);
    }
}

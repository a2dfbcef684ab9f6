using System.Globalization;
using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Referrals;

/// <summary>One thing that goes with a referral: a pointer to the record itself, never a copy.</summary>
/// <param name="Part">Which part of the record it is of: one of <see cref="ReferralPackage.Parts"/>.</param>
/// <param name="Reference">Where it stands, e.g. <c>Observation/…</c>.</param>
public sealed record PackageItem(string Part, string Reference);

/// <summary>The same for a page.</summary>
/// <param name="Text">What it says in a line; of a form the address of its questionnaire.</param>
/// <param name="Day">Null when the record does not say.</param>
public sealed record PackageLine(PackageItem Item, string Text, DateOnly? Day);

/// <summary>随附资料：the parts of a record that the sender puts before the receiver, chosen with the person's consent.</summary>
/// <remarks>
/// Read through the sender's own door, so that nothing is put forward that the sender may not see. The references stand in the referral's task; the receiver reads
/// what they point to through its own door, and only while the referral runs.
/// </remarks>
public static class ReferralPackage
{
    public const int MostOfPart = 20;
    private const int ReadingsOfDays = 90;
    private const int ReportsOfDays = 365;

    private static readonly (string Part, string Type, Func<DateOnly, string> Query)[] Kinds =
    [
        ("diseases", "Condition", _ => "clinical-status=active"),
        ("allergies", "AllergyIntolerance", _ => "clinical-status=active"),
        ("medicines", "MedicationStatement", _ => "status=active"),
        ("readings", "Observation", today => $"date=ge{JsonWriting.Day(today.AddDays(-ReadingsOfDays))}&_sort=-date"),
        ("forms", "QuestionnaireResponse", today => $"status=completed,amended&authored=ge{JsonWriting.Day(today.AddDays(-ReadingsOfDays))}&_sort=-authored"),
        ("reports", "DiagnosticReport", today => $"date=ge{JsonWriting.Day(today.AddDays(-ReportsOfDays))}&_sort=-date"),
    ];

    /// <summary>In the order of the page: running diseases, allergies, medicines, readings and forms of 90 days, reports of a year.</summary>
    public static IReadOnlyList<string> Parts { get; } = [.. Kinds.Select(k => k.Part)];

    /// <summary>What the caller could send of a person; parts of which there is nothing are left out.</summary>
    /// <param name="parts">Null for all.</param>
    public static async Task<IReadOnlyList<PackageLine>> OfferedAsync(
        RecordAccess records, Caller caller, string patient, IReadOnlyList<string>? parts, DateOnly today, CancellationToken cancel)
    {
        var lines = new List<PackageLine>();
        foreach (var (part, type, query) in Kinds.Where(k => parts?.Contains(k.Part) is not false))
            lines.AddRange((await records.SearchAsync(caller, type, $"patient={patient}&{query(today)}&_count={MostOfPart}", cancel)).Matches
                .Select(s => Line(new(part, s.Key.ToString()), JsonReading.Parse(s))).OfType<PackageLine>());
        return lines;
    }

    /// <summary>What was sent, as the caller may see it.</summary>
    public static async Task<IReadOnlyList<PackageLine>> ReadAsync(RecordAccess records, Caller caller, IReadOnlyList<PackageItem> package, CancellationToken cancel)
    {
        var lines = new List<PackageLine>();
        foreach (var item in package)
            if (await records.ReadAsync(caller, ResourceKey.Parse(item.Reference), cancel) is { IsDeleted: false } stored
                && Line(item, JsonReading.Parse(stored)) is { } line) lines.Add(line);
        return lines;
    }

    private static PackageLine? Line(PackageItem item, JsonElement body) => item.Part switch
    {
        "diseases" => new(item, Name(body), JsonReading.Day(body.Text("onsetDateTime") ?? body.Text("recordedDate"))),
        "allergies" => new(item, Name(body), JsonReading.Day(body.Text("recordedDate"))),
        "medicines" => new(item, $"{body.Member("medicationCodeableConcept")?.Display()} {body.First("dosage")?.Text("text")}".Trim(),
            JsonReading.Day(body.Text("effectiveDateTime") ?? body.Member("effectivePeriod")?.Text("start"))),
        "readings" => Value(body) is { } value ? new(item, $"{Name(body)} {value}", JsonReading.Day(body.Text("effectiveDateTime"))) : null,
        "forms" => new(item, body.Text("questionnaire") ?? "", JsonReading.Day(body.Text("authored"))),
        _ => new(item, $"{Name(body)} {body.Text("conclusion")}".Trim(), JsonReading.Day(body.Text("effectiveDateTime") ?? body.Text("issued"))),
    };

    // What was measured. An answer in words stands in its form; what a rule made of a reading is no reading.
    private static string? Value(JsonElement observation)
    {
        if (observation.Quantity() is { } one) return $"{Number(one)} {observation.Member("valueQuantity")?.Text("unit")}".Trim();
        var parts = observation.Each("component").Where(c => c.Quantity() is not null).ToList();
        if (observation.First("category")?.Code() is "assessment" || parts.Count is 0) return null;
        return $"{string.Join('/', parts.Select(c => Number(c.Quantity()!.Value)))} {parts[0].Member("valueQuantity")?.Text("unit")}".Trim();
    }

    // What the place of the record calls it comes before what the code system does.
    private static string Name(JsonElement body) => body.Member("code")?.Text("text") ?? body.Member("code")?.Display() ?? "";

    private static string Number(decimal value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>脱贫户、监测户的标记：that a household is one of poverty relief, of which kind, from when to when, and by whose list.</summary>
/// <param name="Until">Last day; null when the list names none.</param>
/// <param name="Source">The list that says so, as somebody wrote it down.</param>
/// <remarks>
/// Source: 中农组〔2021〕7号: what is lifted or monitored is a household, never a single person. The mark stands in the household's list
/// (<c>Group.characteristic</c>) with its period; one that has ended stays there.
/// </remarks>
public sealed record ReliefMark(string Kind, DateOnly From, DateOnly? Until, string Source)
{
    public const string Codes = "https://tongxin.health/cs/household-mark";
    public const string KindCodes = "https://tongxin.health/cs/relief-household";
    public const string SourceExtension = "https://tongxin.health/fhir/StructureDefinition/mark-source";
    public const int LongestSource = 200;

    /// <summary>脱贫户, and the three kinds of 监测户: 脱贫不稳定户, 边缘易致贫户, 突发严重困难户.</summary>
    public static readonly IReadOnlyList<string> Kinds = ["lifted", "unstable", "marginal", "sudden-hardship"];

    public bool HoldsOn(DateOnly day) => From <= day && (Until is not { } last || day <= last);

    /// <summary>Code of the refusal, or null: <c>kind</c>, <c>date</c>, <c>source</c>.</summary>
    public string? Wrong() => !Kinds.Contains(Kind) ? "kind" : Until < From ? "date" : string.IsNullOrWhiteSpace(Source) || Source.Length > LongestSource ? "source" : null;

    /// <summary>The last mark that a household's list bears; null when it bears none.</summary>
    public static ReliefMark? Read(JsonElement list) => list.Each("characteristic").Where(IsMark).Select(Of).OfType<ReliefMark>().MaxBy(m => m.From);

    /// <summary>The same list with this mark; what it bore from the same day is written over, earlier marks stay.</summary>
    public JsonObject On(JsonObject list)
    {
        var kept = (list["characteristic"] as JsonArray ?? []).OfType<JsonObject>()
            .Where(c => JsonSerializer.SerializeToElement(c) is var element && !(IsMark(element) && Of(element)?.From == From)).Select(c => c.DeepClone());
        list["characteristic"] = new JsonArray([.. kept, Write()]);
        return list;
    }

    private JsonObject Write()
    {
        var period = new JsonObject { ["start"] = JsonWriting.Day(From) };
        if (Until is { } until) period["end"] = JsonWriting.Day(until);
        return new()
        {
            ["extension"] = new JsonArray(new JsonObject { ["url"] = SourceExtension, ["valueString"] = Source }),
            ["code"] = JsonWriting.Concept(Codes, KeyGroups.Relief, "脱贫户、监测户"), ["valueCodeableConcept"] = JsonWriting.Concept(KindCodes, Kind),
            ["exclude"] = false, ["period"] = period,
        };
    }

    private static bool IsMark(JsonElement characteristic) => characteristic.Member("code")?.CodeIn(Codes) is KeyGroups.Relief;

    private static ReliefMark? Of(JsonElement characteristic) =>
        characteristic.Member("valueCodeableConcept")?.CodeIn(KindCodes) is { } kind && JsonReading.Day(characteristic.Member("period")?.Text("start")) is { } from
            ? new(kind, from, JsonReading.Day(characteristic.Member("period")?.Text("end")), characteristic.First("extension")?.Text("valueString") ?? "") : null;
}

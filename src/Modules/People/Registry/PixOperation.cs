using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;
using Tongxin.Web.Fhir;

namespace Tongxin.Modules.People.Registry;

/// <summary><c>Patient/$ihe-pix</c> (IHE PIXm, ITI-83): the other codes of the person who bears this one (多码融合).</summary>
/// <remarks>Of whom the caller does not reach it answers as of nobody. A code that has ended, such as a lost card's, leads to nobody.</remarks>
internal static class PixOperation
{
    private const int MostHolders = 20;

    public static ModuleOperation Of(RecordAccess records) => new(
        "$ihe-pix", "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix", "Patient", ChangesNothing: true,
        "IHE ITI-83 in JSON. Any identifier system may be on record, so that an unknown targetSystem gives no targetIdentifier instead of 403.")
    {
        Answer = (call, cancel) => AnswerAsync(call, records, cancel),
    };

    private static async Task<JsonObject> AnswerAsync(OperationCall call, RecordAccess records, CancellationToken cancel)
    {
        call.Know("sourceIdentifier", "targetSystem");
        var (system, value) = Source(call);
        var targets = call.Texts("targetSystem").ToHashSet(StringComparer.Ordinal);
        var holders = await HoldersAsync(records, call.Caller, system, value, cancel);
        if (holders.Count is 0) throw RefusedException.Because(404, "not-found", "sourceIdentifier Patient Identifier not found", "sourceIdentifier");
        var found = new JsonArray();
        foreach (var holder in holders)
        {
            foreach (var identifier in JsonReading.Parse(holder).Each("identifier"))
            {
                var (s, v) = (identifier.Text("system"), identifier.Text("value"));
                // A household's number is many people's; the code that was asked with is known.
                if (v is null || s == ResidentCodes.HouseholdNumber || HealthCards.IsEnded(identifier) || (s == system && v == value)) continue;
                if (targets.Count is 0 || (s is not null && targets.Contains(s)))
                    found.Add(new JsonObject { ["name"] = "targetIdentifier", ["valueIdentifier"] = JsonNode.Parse(identifier.GetRawText()) });
            }

            found.Add(new JsonObject { ["name"] = "targetId", ["valueReference"] = JsonWriting.Reference(holder.Key.ToString()) });
        }

        return new() { ["resourceType"] = "Parameters", ["parameter"] = found };
    }

    /// <summary>Whom the caller reaches and who bears the code now: not in a record that was merged into another, and not by a code that has ended.</summary>
    public static async Task<IReadOnlyList<Stored>> HoldersAsync(RecordAccess records, Caller caller, string? system, string? value, CancellationToken cancel)
    {
        if (value is not { Length: > 0 }) return [];
        var query = $"identifier={Uri.EscapeDataString(Escape(system ?? ""))}|{Uri.EscapeDataString(Escape(value))}&_count={MostHolders}";
        var matches = (await records.SearchAsync(caller, "Patient", query, cancel)).Matches;
        return [.. matches.Where(m => JsonReading.Parse(m) is var person
            && !person.Each("link").Any(l => l.Text("type") is "replaced-by")
            && person.Each("identifier").Any(i => i.Text("value") == value && (system is null || i.Text("system") == system) && !HealthCards.IsEnded(i)))];
    }

    // system|value as in a search, or an Identifier.
    private static (string System, string Value) Source(OperationCall call)
    {
        if (call.Objects("sourceIdentifier").ToList() is [var identifier, ..]
            && identifier.Text("system") is { Length: > 0 } system && identifier.Text("value") is { Length: > 0 } value)
            return (system, value);
        if (call.Texts("sourceIdentifier").ToList() is [var text] && text.IndexOf('|', StringComparison.Ordinal) is > 0 and var border && border < text.Length - 1)
            return (text[..border], text[(border + 1)..]);
        throw RefusedException.Because(400, "required", "sourceIdentifier is system|value, both of them.", "sourceIdentifier");
    }

    private static string Escape(string text) => text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace(",", @"\,", StringComparison.Ordinal)
        .Replace("|", @"\|", StringComparison.Ordinal).Replace("$", @"\$", StringComparison.Ordinal);
}

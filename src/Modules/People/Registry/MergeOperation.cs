using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;
using Tongxin.Web.Fhir;

namespace Tongxin.Modules.People.Registry;

/// <summary><c>Patient/$merge</c> (as FHIR R5 defines it): the merge of the counter, with its Provenance, its audit entry and its way back.</summary>
internal static class MergeOperation
{
    private static readonly string[] Known =
        ["source-patient", "target-patient", "source-patient-identifier", "target-patient-identifier", "preview"];

    public static ModuleOperation Of(PossibleDuplicates pairs, RecordAccess records) => new(
        "$merge", "http://hl7.org/fhir/OperationDefinition/Patient-merge", "Patient", ChangesNothing: false,
        "Moves everything of source-patient to target-patient at once and can be undone in the registration pages. Both must be reached by the caller, whose role or "
        + "scopes must allow update of Patient. preview is understood; result-patient is refused: the surviving Patient keeps what it says and takes over identifiers.")
    {
        Answer = (call, cancel) => AnswerAsync(call, pairs, records, cancel),
    };

    private static async Task<JsonObject> AnswerAsync(OperationCall call, PossibleDuplicates pairs, RecordAccess records, CancellationToken cancel)
    {
        call.Know(Known);
        await records.PermitChangeAsync(call.Caller, "Patient", cancel);
        var source = await IdAsync(call, "source-patient", records, cancel);
        var target = await IdAsync(call, "target-patient", records, cancel);
        if (call.Flag("preview"))
            return Answer(call, await pairs.PreviewAsync(call.Caller, target, source, cancel), "Nothing was changed: this is how the surviving Patient would look.");
        var moved = await pairs.MergeAsync(call.Caller, target, source, "FHIR $merge", cancel);
        var stored = await records.ReadAsync(call.Caller, new("Patient", target), cancel)
            ?? throw new InvalidOperationException($"Patient/{target} is not there after a merge into it.");
        return Answer(call, JsonWriting.Edit(stored), $"Merged; {moved} further resources were moved.");
    }

    private static JsonObject Answer(OperationCall call, JsonObject result, string said) => new()
    {
        ["resourceType"] = "Parameters",
        ["parameter"] = new JsonArray(
            new JsonObject { ["name"] = "input", ["resource"] = Input(call) },
            new JsonObject
            {
                ["name"] = "outcome",
                ["resource"] = new JsonObject
                {
                    ["resourceType"] = "OperationOutcome",
                    ["issue"] = new JsonArray(new JsonObject { ["severity"] = "information", ["code"] = "informational", ["diagnostics"] = said }),
                },
            },
            new JsonObject { ["name"] = "result", ["resource"] = result }),
    };

    private static JsonObject Input(OperationCall call) => new()
    {
        ["resourceType"] = "Parameters",
        ["parameter"] = new JsonArray([.. Known
            .SelectMany(name => call.Objects(name).Select(value => (JsonNode)new JsonObject { ["name"] = name, [Member(name)] = JsonNode.Parse(value.GetRawText()) }))
            .Append(new JsonObject { ["name"] = "preview", ["valueBoolean"] = call.Flag("preview") })]),
    };

    private static string Member(string name) => name.EndsWith("identifier", StringComparison.Ordinal) ? "valueIdentifier" : "valueReference";

    // By reference, or by identifiers that must lead to one person whom the caller reaches and no other.
    private static async Task<string> IdAsync(OperationCall call, string name, RecordAccess records, CancellationToken cancel)
    {
        var references = call.Objects(name).ToList();
        var identifiers = call.Objects($"{name}-identifier").Concat(references.Select(r => r.Member("identifier")).OfType<JsonElement>()).ToList();
        if (references.Count > 1) throw RefusedException.Because(400, "value", $"'{name}' is given once.", name);
        if (references is [var one] && one.Text("reference") is { } reference)
        {
            var parts = reference.StartsWith(call.Base, StringComparison.Ordinal) ? reference[call.Base.Length..].Split('/') : reference.Split('/');
            return parts is ["Patient", var id] && ResourceKey.IsLegalId(id) ? id
                : throw RefusedException.Because(400, "value", $"'{name}' is a reference like Patient/123.", name);
        }

        if (identifiers.Count is 0) throw RefusedException.Because(400, "required", $"Give '{name}' or '{name}-identifier'.", name);
        HashSet<string>? found = null;
        foreach (var identifier in identifiers)
        {
            var matches = (await PixOperation.HoldersAsync(records, call.Caller, identifier.Text("system"), identifier.Text("value"), cancel)).Select(m => m.Key.Id);
            found = found is null ? [.. matches] : [.. found.Intersect(matches)];
        }

        return found is { Count: 1 } ? found.Single() : throw RefusedException.Because(422, "multiple-matches", "The identifiers do not lead to exactly one Patient.", name);
    }
}

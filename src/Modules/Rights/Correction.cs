using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Rights;

/// <summary>A request to correct (更正申请) with its answer, if it has one.</summary>
/// <param name="Field">What is to be corrected; see <see cref="Correct.Fields"/>.</param>
/// <param name="Answer">What the clinic said; null while it is open.</param>
/// <param name="AnswerBy">The day on which an answer is due.</param>
public sealed record Correction(
    string Id, string Patient, string Field, string Wanted, string Why, string State, string? Answer, DateOnly? Asked, DateOnly? AnswerBy, DateOnly? Answered)
{
    public bool IsOpen => State is "requested";
}

/// <summary>Writes and reads what a correction leaves in the record: a <c>Task</c>, letters both ways, a <c>Provenance</c>. Pure.</summary>
internal static class CorrectionBody
{
    public const string Codes = "https://tongxin.health/cs/rights-task";
    public const string Code = "correction";
    public const string TaskUrl = "urn:uuid:5d0c3c4e-6f0a-4a38-9d6f-0c1f6f0e7a01";

    /// <param name="why">Null when she gives no explanation.</param>
    public static JsonObject Task(string patient, string clinic, string field, string wanted, string? why, DateTimeOffset at, TimeSpan within)
    {
        var task = Open(patient, clinic, field, wanted, at, within);
        if (why is not null) task["description"] = why;
        return task;
    }

    private static JsonObject Open(string patient, string clinic, string field, string wanted, DateTimeOffset at, TimeSpan within) => new()
    {
        ["resourceType"] = "Task",
        ["status"] = "requested",
        ["intent"] = "order",
        ["code"] = JsonWriting.Concept(Codes, Code, "更正申请"),
        ["for"] = JsonWriting.Reference($"Patient/{patient}"),
        ["authoredOn"] = ResourceBody.Instant(at),
        ["requester"] = JsonWriting.Reference($"Patient/{patient}"),
        ["owner"] = JsonWriting.Reference($"Organization/{clinic}"),
        ["restriction"] = new JsonObject { ["period"] = new JsonObject { ["end"] = ResourceBody.Instant(at + within) } },
        ["input"] = new JsonArray(Input("field", field), Input("wanted", wanted)),
    };

    public static JsonObject Letter(string patient, string task, string from, string to, string text, DateTimeOffset at) => new()
    {
        ["resourceType"] = "Communication",
        ["status"] = "completed",
        ["subject"] = JsonWriting.Reference($"Patient/{patient}"),
        ["about"] = new JsonArray(JsonWriting.Reference(task)),
        ["sent"] = ResourceBody.Instant(at),
        ["sender"] = JsonWriting.Reference(from),
        ["recipient"] = new JsonArray(JsonWriting.Reference(to)),
        ["payload"] = new JsonArray(new JsonObject { ["contentString"] = text }),
    };

    /// <summary>Who decided, on whose request, and what was changed by it.</summary>
    public static JsonObject Provenance(IEnumerable<string> targets, string task, string who, string? organisation, string why, DateTimeOffset at)
    {
        var agent = new JsonObject { ["who"] = JsonWriting.Reference(who) };
        if (organisation is not null) agent["onBehalfOf"] = JsonWriting.Reference($"Organization/{organisation}");
        return new()
        {
            ["resourceType"] = "Provenance",
            ["target"] = new JsonArray([.. targets.Select(t => JsonWriting.Reference(t))]),
            ["recorded"] = ResourceBody.Instant(at),
            ["activity"] = JsonWriting.Concept("http://terminology.hl7.org/CodeSystem/v3-DataOperation", "UPDATE"),
            ["reason"] = new JsonArray(new JsonObject { ["text"] = why }),
            ["agent"] = new JsonArray(agent),
            ["entity"] = new JsonArray(new JsonObject { ["role"] = "source", ["what"] = JsonWriting.Reference(task) }),
        };
    }

    /// <summary>Null for a task of another kind.</summary>
    public static Correction? Read(JsonElement task)
    {
        if (task.Member("code")?.CodeIn(Codes) is not Code) return null;
        string? Given(string name) =>
            task.Each("input").FirstOrDefault(i => i.Member("type")?.CodeIn(Codes) == name) is { ValueKind: JsonValueKind.Object } i ? i.Text("valueString") : null;
        return new(
            task.Text("id") ?? "", task.IdIn("for") ?? "", Given("field") ?? "", Given("wanted") ?? "", task.Text("description") ?? "", task.Text("status") ?? "",
            task.Member("statusReason")?.Text("text"), JsonReading.Day(task.Text("authoredOn")), JsonReading.Day(task.Member("restriction")?.Member("period")?.Text("end")),
            JsonReading.Day(task.Member("executionPeriod")?.Text("end")));
    }

    private static JsonObject Input(string name, string value) => new() { ["type"] = JsonWriting.Concept(Codes, name), ["valueString"] = value };
}

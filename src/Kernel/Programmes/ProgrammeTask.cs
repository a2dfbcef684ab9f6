using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Kernel.Programmes;

/// <summary>A Task of a programme as the work lists read it: what is owed to whom, its window, who has it.</summary>
/// <remarks>restriction.period is the window (on time from start to end); inputs carry the due day, the day it expires and the form. Its state is computed, never
/// stored.</remarks>
public sealed class ProgrammeTask
{
    /// <summary>The service that proposes an enrolment to the village doctor.</summary>
    public const string EnrolmentService = "enrolment";

    /// <summary>The input with the day of the last call or visit attempt.</summary>
    internal const string AttemptedInput = "attempted";

    private ProgrammeTask(JsonElement source) => Source = source;

    public JsonElement Source { get; }
    public string Id => Source.Text("id") ?? "";
    public string Code => Source.Member("code")?.CodeOf(ProgrammeCodes.Service) ?? "";
    public string Programme => Code.Split('.')[0];
    public string Service => Code[(Code.IndexOf('.', StringComparison.Ordinal) + 1)..];
    public string Title => Source.Text("description") ?? "";
    public string? Person => Source.ReferenceTo("for");
    public string? Owner => Source.ReferenceTo("owner");
    public string? Organisation => Source.ReferenceTo("requester");
    public string Status => Source.Text("status") ?? "";
    public bool IsOpen => Status is "requested" or "accepted" or "in-progress" or "on-hold" or "ready" or "received";

    /// <summary>Id of the form that records the service.</summary>
    public string? Form => Input("form");

    public DateOnly? Rescheduled => Json.Day(Input("rescheduled"));
    /// <summary>Day of the last call or visit attempt (追访); null when nobody tried.</summary>
    public DateOnly? Attempted => Json.Day(Input(AttemptedInput));

    public string? LastOutcome => Source.Member("businessStatus")?.CodeOf(ProgrammeCodes.ContactOutcome);
    public bool IsUrgent => Source.Text("priority") is "urgent";

    /// <summary>Reference of the visit that did it; null while nothing has.</summary>
    public string? DoneBy => Source.Each("output").Select(o => o.ReferenceTo("valueReference")).FirstOrDefault();

    public DateOnly? AuthoredOn => Json.Day(Source.Text("authoredOn"));

    /// <summary>Day on which it was closed; null while open or when nobody wrote it.</summary>
    public DateOnly? ClosedOn => Json.Day(Source.Text("lastModified"));

    /// <summary>Code of why the engine closed it: done, dead, exited, superseded, expired, enrolled.</summary>
    public string? ClosedBecause => Source.Member("statusReason")?.CodeOf(ProgrammeCodes.ExitReason);

    public TaskWindow Window
    {
        get
        {
            var period = Source.Member("restriction")?.Member("period");
            var start = Json.Day(period?.Text("start")) ?? default;
            var end = Json.Day(period?.Text("end")) ?? start;
            return new(start, Json.Day(Input("due")) ?? end, end, Json.Day(Input("expires")) ?? end);
        }
    }

    /// <summary>Null when the resource is not a programme's task.</summary>
    public static ProgrammeTask? Of(JsonElement task) =>
        task.Text("resourceType") is "Task" && task.HasCode("code", ProgrammeCodes.Service) ? new(task) : null;

    public string? Input(string name) => Source.Each("input").Where(i => i.HasCode("type", ProgrammeCodes.TaskInput, name))
        .Select(i => i.Text("valueDate") ?? i.Text("valueString") ?? i.Text("valueCanonical")).FirstOrDefault();

    /// <summary>The task as it should stand. Of one that exists, what people decided (claim, new date, outcome) is kept.</summary>
    /// <param name="by">Whose work it is: the organisation, and the doctor who has the person, when one was named.</param>
    internal static JsonObject Write(
        Owed owed, ProgrammePackage package, PersonRecord record, (string? Organisation, string? Doctor) by, JsonElement? reason, ProgrammeTask? existing, DateOnly today)
    {
        var organisation = by.Organisation;
        var window = owed.Window;
        if (existing?.Rescheduled is { } day)
            window = window with { Start = day < window.Start ? day : window.Start, Due = day, End = day > window.End
                ? day : window.End, Expires = day > window.Expires ? day : window.Expires };
        var task = new JsonObject { ["resourceType"] = "Task", ["id"] = owed.Id };
        if (package.Sensitivity is { } label) task["meta"] = Sensitivity.Meta(label);
        task["instantiatesCanonical"] = package.Canonical;
        task["groupIdentifier"] = new JsonObject { ["system"] = ProgrammeCodes.Programme, ["value"] = package.Code };
        task["status"] = existing?.Status ?? "requested";
        if (existing?.Source.Member("businessStatus") is { } outcome) task["businessStatus"] = JsonNode.Parse(outcome.GetRawText());
        task["intent"] = "plan";
        task["priority"] = reason is { } assessed && Assessment.Of(assessed, package.Code)?.Fact(Assessment.ReferralFact) is "urgent" ? "urgent" : "routine";
        task["code"] = Json.Concept(ProgrammeCodes.Service, $"{package.Code}.{owed.Service.Id}", owed.Service.Title);
        task["description"] = owed.Title;
        task["for"] = Json.Reference(record.Reference);
        task["authoredOn"] = existing?.Source.Text("authoredOn") ?? Json.Text(today);
        if (organisation is not null) task["requester"] = Json.Reference(organisation);
        if ((existing?.Status is "accepted" or "in-progress" ? existing.Owner : by.Doctor ?? organisation) is { } owner) task["owner"] = Json.Reference(owner);
        if (reason is { } because) task["reasonReference"] = Json.Reference(because.Key);
        if (existing?.Source.Member("note") is { } note) task["note"] = JsonNode.Parse(note.GetRawText());
        task["restriction"] = new JsonObject { ["period"] = new JsonObject { ["start"] = Json.Text(window.Start), ["end"] = Json.Text(window.End) } };
        var inputs = new JsonArray(Input("due", "valueDate", Json.Text(window.Due)), Input("expires", "valueDate", Json.Text(window.Expires)));
        if (owed.Form.Length > 0) inputs.Add(Input("form", "valueString", owed.Form));
        if (existing?.Rescheduled is { } kept) inputs.Add(Input("rescheduled", "valueDate", Json.Text(kept)));
        if (existing?.Attempted is { } tried) inputs.Add(Input(AttemptedInput, "valueDate", Json.Text(tried)));
        task["input"] = inputs;
        return task;
    }

    /// <summary>The same task, closed.</summary>
    internal JsonObject Close(string status, string reason, string text, string? done, DateOnly today)
    {
        var task = (JsonObject)JsonNode.Parse(Source.GetRawText())!;
        task["status"] = status;
        task["statusReason"] = Json.Concept(ProgrammeCodes.ExitReason, reason, text);
        task["lastModified"] = Json.Text(today);
        if (done is not null)
            task["output"] = new JsonArray(new JsonObject { ["type"] = Json.Concept(ProgrammeCodes.TaskInput, "done-by", "完成于"), ["valueReference"] = Json.Reference(done) });
        return task;
    }

    internal static JsonObject Input(string name, string member, string value) =>
        new() { ["type"] = Json.Concept(ProgrammeCodes.TaskInput, name), [member] = value };
}

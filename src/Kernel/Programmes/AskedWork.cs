using System.Text.Json.Nodes;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Programmes;

/// <summary>Work that somebody above asked for (上级派发): one person of a list, sent to those who care for her, with a sentence why.</summary>
/// <remarks>
/// A Task like those of the programmes, so that it stands on the same list; but nothing owes it: it ends by the visit that its form records, by death,
/// when it expires, or when the doctor says what came of it. FHIR R4 Task; <c>code</c> is <c>asked.TOPIC</c>, the inputs say who asked and when.
/// </remarks>
public sealed record AskedWork
{
    /// <summary>What stands in a task's <c>groupIdentifier</c> and before the dot of its code; no programme may have this name.</summary>
    public const string Programme = "asked";

    private const string ByInput = "asked-by", ReasonInput = "asked-reason";
    private const int DaysToDo = 14, DaysToExpire = 90;

    /// <summary>What it is about: the id of an indicator.</summary>
    public required string Topic { get; init; }

    /// <summary>Id of the Patient.</summary>
    public required string Person { get; init; }

    /// <summary>Id of the Organization that cares for her and is to act.</summary>
    public required string Organisation { get; init; }

    /// <summary>Name of the house or person who asks, as the doctor reads it.</summary>
    public required string By { get; init; }

    /// <summary>What is asked about, e.g. the indicator's title and why she counts as failed.</summary>
    public required string Title { get; init; }

    /// <summary>The sentence that the sender wrote.</summary>
    public required string Text { get; init; }

    /// <summary>Name of the sender, for the course of the task.</summary>
    public required string Sender { get; init; }

    /// <summary>Form whose visit does it; null when only the doctor can say that it is done.</summary>
    public string? Form { get; init; }

    /// <summary>v3-ActCode of the compartment; null for open programmes.</summary>
    public string? Label { get; init; }

    public static string Code(string topic) => $"{Programme}.{topic}";

    /// <summary>The same person asked about the same on the same day is the same task.</summary>
    public string Id(DateOnly day) => StableId.Of("asked", Person, Topic, Json.Text(day));

    public static string? AskedBy(ProgrammeTask task) => task.Programme is Programme ? task.Input(ByInput) : null;

    /// <summary>Why the person stood on the list, in the indicator's words.</summary>
    public static string? AskedBecause(ProgrammeTask task) => task.Programme is Programme ? task.Input(ReasonInput) : null;

    internal JsonObject Write(string because, DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(now.ToOffset(LocalTime.Offset).DateTime);
        var task = new JsonObject { ["resourceType"] = "Task", ["id"] = Id(today) };
        if (Label is { } label) task["meta"] = Sensitivity.Meta(label);
        task["groupIdentifier"] = new JsonObject { ["system"] = ProgrammeCodes.Programme, ["value"] = Programme };
        task["status"] = "requested";
        task["intent"] = "order";
        task["priority"] = "routine";
        task["code"] = Json.Concept(ProgrammeCodes.Service, Code(Topic), Title);
        task["description"] = Title;
        task["for"] = Json.Reference($"Patient/{Person}");
        task["authoredOn"] = Json.Text(today);
        task["requester"] = Json.Reference($"Organization/{Organisation}");
        task["owner"] = Json.Reference($"Organization/{Organisation}");
        task["note"] = new JsonArray(new JsonObject { ["authorString"] = $"{By} {Sender}", ["time"] = ResourceBody.Instant(now), ["text"] = Text });
        task["restriction"] = new JsonObject { ["period"] = new JsonObject { ["start"] = Json.Text(today), ["end"] = Json.Text(today.AddDays(DaysToDo)) } };
        var inputs = new JsonArray(
            ProgrammeTask.Input("due", "valueDate", Json.Text(today.AddDays(DaysToDo))), ProgrammeTask.Input("expires", "valueDate", Json.Text(today.AddDays(DaysToExpire))),
            ProgrammeTask.Input(ByInput, "valueString", By), ProgrammeTask.Input(ReasonInput, "valueString", because));
        if (Form is { } form) inputs.Add(ProgrammeTask.Input("form", "valueString", form));
        task["input"] = inputs;
        return task;
    }

    /// <summary>The task closed when the record says so; null when it stays open. Pure.</summary>
    internal static JsonObject? Settled(ProgrammeTask task, IReadOnlyList<Visit> visits, DateOnly? died, DateOnly today)
    {
        if (task.Programme is not Programme || !task.IsOpen) return null;
        if (died is not null) return task.Close("cancelled", "dead", "死亡", null, today);
        var asked = Json.Day(task.Source.Text("authoredOn")) ?? today;
        var visit = visits.LastOrDefault(v => task.Form is { } form && v.Forms.Contains(form) && v.Date >= asked);
        if (visit is not null) return task.Close("completed", "done", "已完成", visit.Reference, today);
        return task.Window.On(today) is WindowState.Expired ? task.Close("cancelled", "expired", "过期未完成", null, today) : null;
    }
}

using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Referrals;

/// <summary>A referral as FHIR: a ServiceRequest says what is asked, a Task carries the state, whose turn it is, the deadline and what was said.</summary>
internal static class ReferralTask
{
    public const string States = "https://tongxin.health/cs/referral-state";
    public const string StepExtension = "https://tongxin.health/fhir/StructureDefinition/referral-step";
    public const string Inputs = "https://tongxin.health/cs/referral-input";
    public const string Packages = "https://tongxin.health/cs/referral-package";

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string IdFor(string request) => StableId.Of("referral", request);

    /// <summary>Null when the task is not a referral's.</summary>
    public static Referral? Read(JsonElement task)
    {
        if (CodeIn(task, "businessStatus", States) is not { } code || !Enum.TryParse<ReferralState>(code, ignoreCase: true, out var state)) return null;
        var deadline = task.TryGetProperty("restriction", out var r) && r.TryGetProperty("period", out var p) ? Text(p, "end") : null;
        return new(
            state, Text(task, "priority") is "stat", IdIn(task, "requester"), Input(task, "to") ?? "",
            Instant(Text(task, "lastModified")!), deadline is null || state is ReferralState.Closed or ReferralState.Cancelled ? null : Instant(deadline))
        {
            Slot = Input(task, "slot"), Link = Input(task, "link"), IsOutside = Input(task, "outside") is "true",
            Kind = Enum.TryParse<ReferralKind>(Input(task, "kind"), ignoreCase: true, out var kind) ? kind : ReferralKind.Visit,
        };
    }

    /// <summary>What goes with it, in the order in which it was chosen.</summary>
    public static IReadOnlyList<PackageItem> Package(JsonElement task) =>
        [.. task.Each("input").Select(i => i.Member("type")?.CodeIn(Packages) is { } part && i.Member("valueReference")?.Text("reference") is { } reference
            ? new PackageItem(part, reference) : null).OfType<PackageItem>()];

    /// <summary>The task as it should stand, what was said before kept.</summary>
    /// <param name="package">What goes with it from now on; null to leave that as it is.</param>
    public static JsonObject Write(Referral referral, string request, string patient, JsonElement? before, Said said, IReadOnlyList<PackageItem>? package = null)
    {
        var notes = before is { } old && old.TryGetProperty("note", out var kept) ? (JsonArray)JsonNode.Parse(kept.GetRawText())! : [];
        notes.Add(new JsonObject
        {
            ["extension"] = new JsonArray(new JsonObject { ["url"] = StepExtension, ["valueCode"] = said.Step }),
            ["authorString"] = said.Author, ["time"] = ResourceBody.Instant(said.At), ["text"] = said.Text,
        });
        var task = new JsonObject
        {
            ["resourceType"] = "Task", ["id"] = IdFor(request),
            ["status"] = Status(referral.State),
            ["businessStatus"] = Concept(States, referral.State.ToString().ToLowerInvariant()),
            ["intent"] = "order",
            ["priority"] = referral.IsUrgent ? "stat" : "routine",
            ["code"] = Concept("http://hl7.org/fhir/CodeSystem/task-code", "fulfill"),
            ["focus"] = Reference($"ServiceRequest/{request}"),
            ["for"] = Reference(patient),
            ["authoredOn"] = before is { } b ? Text(b, "authoredOn") : ResourceBody.Instant(referral.At),
            ["lastModified"] = ResourceBody.Instant(referral.At),
            ["requester"] = Reference($"Organization/{referral.From}"),
            ["note"] = notes,
        };
        // A draft that is cancelled was sent to nobody.
        (string Name, string? Value)[] inputs = [
            ("to", referral.To), ("slot", referral.Slot), ("link", referral.Link), ("outside", referral.IsOutside ? "true" : null),
            ("kind", referral.Kind is ReferralKind.Visit ? null : referral.Kind.ToString().ToLowerInvariant()),
        ];
        var goesWith = package ?? (before is { } was ? Package(was) : []);
        var given = inputs.Where(i => i.Value is { Length: > 0 }).Select(i => new JsonObject { ["type"] = Concept(Inputs, i.Name), ["valueString"] = i.Value })
            .Concat(goesWith.Select(i => new JsonObject { ["type"] = Concept(Packages, i.Part), ["valueReference"] = Reference(i.Reference) })).ToArray();
        if (given.Length > 0) task["input"] = new JsonArray(given);
        if (referral.Holder is { Length: > 0 } holder) task["owner"] = Reference($"Organization/{holder}");
        if (referral.Deadline is { } deadline) task["restriction"] = new JsonObject { ["period"] = new JsonObject { ["end"] = ResourceBody.Instant(deadline) } };
        return task;
    }

    /// <summary>What the plan of a return puts on the sender's list.</summary>
    public static JsonObject FollowUp(Referral referral, string request, string patient, DateOnly by)
    {
        var today = DateOnly.FromDateTime(referral.At.ToOffset(LocalTime.Offset).DateTime);
        return new()
        {
            ["resourceType"] = "Task", ["id"] = StableId.Of("returned", request),
            ["groupIdentifier"] = new JsonObject { ["system"] = ProgrammeCodes.Programme, ["value"] = "referral" },
            ["status"] = "requested", ["intent"] = "plan", ["priority"] = referral.IsUrgent ? "urgent" : "routine",
            ["code"] = Concept(ProgrammeCodes.Service, "referral.first-visit", "回转后首次随访"),
            ["description"] = "回转后首次随访",
            ["focus"] = Reference($"ServiceRequest/{request}"), ["for"] = Reference(patient), ["authoredOn"] = Day(today),
            ["requester"] = Reference($"Organization/{referral.From}"), ["owner"] = Reference($"Organization/{referral.From}"),
            ["restriction"] = new JsonObject { ["period"] = new JsonObject { ["start"] = Day(today), ["end"] = Day(by) } },
            ["input"] = new JsonArray(Dated("due", by), Dated("expires", by.AddDays(ReferralRules.LongestWait.Days))),
        };
    }

    public static Change Put(JsonObject resource, long? ifVersion = null, bool isNew = false) => new Change.Put(
        new((string)resource["resourceType"]!, (string)resource["id"]!), JsonSerializer.SerializeToUtf8Bytes(resource, Readable), ifVersion, IfNotPresent: isNew);

    public static JsonObject Reference(string reference) => new() { ["reference"] = reference };

    public static string? Text(JsonElement e, string name) => e.TryGetProperty(name, out var v) && v.ValueKind is JsonValueKind.String ? v.GetString() : null;

    /// <summary>Id in a reference; empty when there is none.</summary>
    public static string IdIn(JsonElement e, string name) => e.TryGetProperty(name, out var r) && Text(r, "reference") is { } text
        ? text[(text.LastIndexOf('/') + 1)..] : "";

    private static string Status(ReferralState state) => state switch
    {
        ReferralState.Draft => "draft",
        ReferralState.Sent => "requested",
        ReferralState.Received => "received",
        ReferralState.Accepted => "accepted",
        ReferralState.Declined or ReferralState.NotArrived => "on-hold",
        ReferralState.Seen or ReferralState.Answered or ReferralState.Returned => "in-progress",
        ReferralState.Closed => "completed",
        ReferralState.Cancelled => "cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    private static JsonObject Concept(string system, string code, string? display = null)
    {
        var coding = new JsonObject { ["system"] = system, ["code"] = code };
        if (display is not null) coding["display"] = display;
        return new() { ["coding"] = new JsonArray(coding) };
    }

    private static JsonObject Dated(string name, DateOnly day) => new() { ["type"] = Concept(ProgrammeCodes.TaskInput, name), ["valueDate"] = Day(day) };

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static string? CodeIn(JsonElement e, string member, string system)
    {
        if (!e.TryGetProperty(member, out var concept) || !concept.TryGetProperty("coding", out var codings)) return null;
        foreach (var coding in codings.EnumerateArray())
            if (Text(coding, "system") == system) return Text(coding, "code");
        return null;
    }

    private static string? Input(JsonElement task, string code)
    {
        if (!task.TryGetProperty("input", out var inputs)) return null;
        foreach (var input in inputs.EnumerateArray())
            if (CodeIn(input, "type", Inputs) == code) return Text(input, "valueString");
        return null;
    }
}

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>Breaking the glass in an emergency: one person, read-only, an hour at most, with a reason; the resident is told and the auditor must review it.</summary>
/// <remarks>Grants live in this server's memory: a restart ends them, which is safe. Sessions only, never tokens.</remarks>
public sealed class BreakGlass(RecordAccess access, AuditTrail trail, TimeProvider clock)
{
    public const int ShortestText = 10;
    public const int LongestText = 500;
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(60);
    public static readonly TimeSpan ReviewWithin = TimeSpan.FromHours(72);
    private static readonly Caller Hands = Caller.System("break-glass");

    private readonly ConcurrentDictionary<string, Glass> open = new(StringComparer.Ordinal);

    /// <summary>Codes of the reasons that may be given.</summary>
    public static IReadOnlyDictionary<string, string> Reasons { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["emergency"] = "急诊抢救 Emergency treatment",
        ["unconscious"] = "患者不能表达 The person cannot speak for herself",
        ["public-health"] = "突发公共卫生事件处置 Public health emergency",
    };

    /// <summary>Throws <see cref="RefusedException"/> 403 for a role that may not, 400 for a reason that says nothing.</summary>
    public async Task<Glass> OpenAsync(Caller caller, string patientId, string reason, string text, CancellationToken cancel)
    {
        if (Policy.Of(caller.Role) is not { MayBreakGlass: true } || caller.Session is null || caller.Scopes is not null || !ResourceKey.IsLegalId(patientId))
            throw RefusedException.Because(403, "forbidden", "Your role may not open records in an emergency.");
        if (!Reasons.ContainsKey(reason) || text.Trim().Length is < ShortestText or > LongestText)
            throw RefusedException.Because(400, "required", $"Give a reason from the list and {ShortestText} to {LongestText} characters on why.");
        var now = clock.GetUtcNow();
        var glass = new Glass(patientId, reason, text.Trim(), now + Longest);
        await trail.NoteAsync(
            AuditEntry.By(caller, now, "break-glass", permitted: true, "break-glass") with { People = [patientId], Purpose = "BTG", Reason = $"{reason}: {glass.Text}" }, cancel);
        // Nobody is told of a person who is not there; who asked sees the same either way until she looks.
        if (await access.ReadAsync(Hands, new("Patient", patientId), cancel) is { IsDeleted: false })
            await access.CommitAsync(Hands, [Create(Letter(caller, glass, now)), Create(Review(caller, glass, now))], new(Reason: "break-glass"), cancel);
        open[caller.Session] = glass;
        return glass;
    }

    /// <summary>The caller with what her session has open now; expiry is by the clock, at the moment of asking.</summary>
    public Caller Apply(Caller caller)
    {
        if (caller.Session is not { } session || caller.Scopes is not null || !open.TryGetValue(session, out var glass)) return caller;
        if (glass.Until > clock.GetUtcNow()) return caller with { BrokenGlass = glass.PatientId, Purpose = "BTG" };
        open.TryRemove(session, out _);
        return caller;
    }

    /// <summary>What the session has open, for the banner; null for nothing.</summary>
    public Glass? Of(string? session) => session is not null && open.TryGetValue(session, out var glass) && glass.Until > clock.GetUtcNow() ? glass : null;

    public void Close(string? session)
    {
        if (session is not null) open.TryRemove(session, out _);
    }

    private static JsonObject Letter(Caller caller, Glass glass, DateTimeOffset now) => new()
    {
        ["resourceType"] = "Communication", ["status"] = "completed", ["subject"] = Reference($"Patient/{glass.PatientId}"),
        ["recipient"] = new JsonArray(Reference($"Patient/{glass.PatientId}")), ["sent"] = ResourceBody.Instant(now),
        ["payload"] = new JsonArray(new JsonObject { ["contentString"] = $"{caller.Name}因“{Reasons[glass.Reason]}”紧急查阅了您的健康档案，理由：{glass.Text}" }),
    };

    // Nobody's task: the auditor sees no person's record, so the person is named by an input only.
    private static JsonObject Review(Caller caller, Glass glass, DateTimeOffset now) => new()
    {
        ["resourceType"] = "Task", ["status"] = "requested", ["intent"] = "order", ["authoredOn"] = ResourceBody.Instant(now),
        ["code"] = new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["system"] = "https://tongxin.health/cs/task", ["code"] = "review-break-glass" }) },
        ["description"] = $"{caller.Name} ({caller.Subject}, {caller.Role}) · {glass.Reason}: {glass.Text}",
        ["restriction"] = new JsonObject { ["period"] = new JsonObject { ["end"] = ResourceBody.Instant(now + ReviewWithin) } },
        ["input"] = new JsonArray(new JsonObject { ["type"] = new JsonObject { ["text"] = "person" }, ["valueString"] = glass.PatientId }),
    };

    private static JsonObject Reference(string text) => new() { ["reference"] = text };

    private static Change.Create Create(JsonObject body) => new((string)body["resourceType"]!, PlainJson.Bytes(body));
}

/// <summary>One broken glass.</summary>
public sealed record Glass(string PatientId, string Reason, string Text, DateTimeOffset Until);

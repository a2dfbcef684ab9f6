using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>Follows the audit trail with the <see cref="AlertRules"/>: an alert is a task for the auditor, due in 72 hours, and an entry of the trail.</summary>
/// <remarks>Commands write to the trail too, also while no server runs: the place reached is kept in a file, and what came meanwhile is read at the start.</remarks>
internal sealed partial class AlertWatch(RecordAccess records, AuditTrail trail, RecordEngine engine, TimeProvider clock, ILogger<AlertWatch> logger) : StandingWork
{
    public const string TaskSystem = "https://tongxin.health/cs/task";
    public const string TaskCode = "review-alert";
    private const string PositionFile = "alerts.position";
    private const string WatchedQuery = "_security=http://terminology.hl7.org/CodeSystem/v3-ActCode|EMP,http://terminology.hl7.org/CodeSystem/v3-ActCode|CEL&_count=1000";
    private const int RowsAtOnce = 1_000;
    private const int LongestQueue = 10_000;
    private static readonly TimeSpan Keep = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);
    private static readonly Caller Hands = Caller.System("alerts");

    private readonly Channel<(long, IReadOnlyList<AuditEntry>)> queue = Channel.CreateBounded<(long, IReadOnlyList<AuditEntry>)>(
        new BoundedChannelOptions(LongestQueue) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly AlertRules rules = new();
    private FrozenSet<string> watched = FrozenSet<string>.Empty;
    private DateTimeOffset watchedAt = DateTimeOffset.MinValue;
    private DateTimeOffset keptAt = DateTimeOffset.MinValue;
    private bool isCatchingUp;
    private long position;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        trail.Sealed = (sequence, entries) => queue.Writer.TryWrite((sequence, entries));
        try
        {
            position = Position();
            await CatchUpAsync(stoppingToken);
            await foreach (var (sequence, entries) in queue.Reader.ReadAllAsync(stoppingToken)) await HeedAsync(sequence, entries, stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The host stops; the place reached is in the file.
        }
    }

    private async Task CatchUpAsync(CancellationToken cancel)
    {
        isCatchingUp = true;
        while (await trail.SealedAfterAsync(position, RowsAtOnce, cancel) is { Count: > 0 } rows)
            foreach (var (sequence, entries) in rows) await HeedAsync(sequence, entries, cancel);
        isCatchingUp = false;
    }

    private async Task HeedAsync(long sequence, IReadOnlyList<AuditEntry> entries, CancellationToken cancel)
    {
        if (sequence <= position) return;
        // Rows between were sealed by another, or the queue was full: they are read.
        if (sequence > position + 1 && !isCatchingUp) await CatchUpAsync(cancel);
        if (sequence <= position) return;
        try
        {
            if (clock.GetUtcNow() - watchedAt > Fresh) await LookWhoIsWatchedAsync(cancel);
            foreach (var entry in entries)
                foreach (var alert in rules.Heed(entry, watched.Contains)) await RaiseAsync(alert, cancel);
        }
        catch (Fhir.RefusedException refused)
        {
            NotRaised(sequence, refused.Status);
        }

        position = sequence;
        if (clock.GetUtcNow() - keptAt < Keep) return;
        keptAt = clock.GetUtcNow();
        await File.WriteAllTextAsync(Path.Combine(engine.Folder, PositionFile), position.ToString(CultureInfo.InvariantCulture), cancel);
    }

    // Colleagues and public figures carry the label of their kind (HL7 v3 ActCode EMP, CEL); staff with an identity number are found by it.
    private async Task LookWhoIsWatchedAsync(CancellationToken cancel)
    {
        var people = (await records.SearchAsync(Hands, "Patient", WatchedQuery, cancel)).Matches.Select(m => m.Key.Id).ToHashSet(StringComparer.Ordinal);
        var page = await records.SearchAsync(Hands, "Practitioner", $"identifier:missing=false&_count={RowsAtOnce}", cancel);
        foreach (var numbers in page.Matches.SelectMany(m => Identifiers(m.Body)).Chunk(50))
        {
            var query = "identifier=" + string.Join(',', numbers.Select(Uri.EscapeDataString)) + "&_count=1000";
            people.UnionWith((await records.SearchAsync(Hands, "Patient", query, cancel)).Matches.Select(m => m.Key.Id));
        }

        (watched, watchedAt) = (people.ToFrozenSet(StringComparer.Ordinal), clock.GetUtcNow());
    }

    private static IEnumerable<string> Identifiers(ReadOnlyMemory<byte> body)
    {
        using var json = JsonDocument.Parse(body);
        if (!json.RootElement.TryGetProperty("identifier", out var list)) return [];
        return [.. list.EnumerateArray().Where(i => i.TryGetProperty("system", out _) && i.TryGetProperty("value", out _))
            .Select(i => $"{i.GetProperty("system").GetString()}|{i.GetProperty("value").GetString()}").Where(t => !t.Contains(',', StringComparison.Ordinal))];
    }

    private async Task RaiseAsync(Alert alert, CancellationToken cancel)
    {
        var (now, cause) = (clock.GetUtcNow(), alert.Cause);
        var day = cause.At.ToOffset(TimeSpan.FromHours(8)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{alert.Rule} {cause.Subject} {alert.Person} {day}")))[..32];
        var body = new JsonObject
        {
            ["resourceType"] = "Task", ["id"] = id, ["status"] = "requested", ["intent"] = "order", ["authoredOn"] = ResourceBody.Instant(now),
            ["code"] = new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["system"] = TaskSystem, ["code"] = TaskCode }) },
            ["description"] = $"{alert.Rule} · {cause.Name} ({cause.Subject}, {cause.Role}) · {alert.People}",
            ["restriction"] = new JsonObject { ["period"] = new JsonObject { ["end"] = ResourceBody.Instant(now + BreakGlass.ReviewWithin) } },
        };
        if (alert.Person is { } person)
            body["input"] = new JsonArray(new JsonObject { ["type"] = new JsonObject { ["text"] = "person" }, ["valueString"] = person });
        var change = new Change.Put(new("Task", id), PlainJson.Bytes(body), IfNotPresent: true);
        try
        {
            await records.CommitAsync(Hands, [change], new(Reason: alert.Rule), cancel);
        }
        catch (Fhir.RefusedException standing) when (standing.Status is 412)
        {
            return; // Another server, or this one before it was stopped, raised it already.
        }

        await trail.NoteAsync(AuditEntry.By(Hands, now, "alert", permitted: true, alert.Rule) with { Targets = [$"Task/{id}"], Reason = cause.Subject }, cancel);
    }

    private long Position()
    {
        var file = Path.Combine(engine.Folder, PositionFile);
        return File.Exists(file) && long.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var reached) ? reached : 0;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Row {Sequence} of the audit trail raised an alert that could not be written ({Status})")]
    private partial void NotRaised(long sequence, int status);
}

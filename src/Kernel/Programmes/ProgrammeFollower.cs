using Microsoft.Extensions.Logging;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Programmes;

/// <summary>Follows the feed and brings every person who was written about into line, so that import and other systems cannot skip a rule.</summary>
/// <remarks>
/// What it writes itself comes round once more and changes nothing. The position it has reached is kept in the record (<c>Basic/programme-follower</c>),
/// written at most once a minute; after a crash some people are reconciled again, which is harmless.
/// </remarks>
internal sealed partial class ProgrammeFollower(
    IRecordStore store, FollowUps followUps, RecordAccess records, RecordedProgrammes recorded, ProgrammesReached told, TimeProvider clock,
    ILogger<ProgrammeFollower> logger) : StandingWork
{
    public const int Batch = 100;
    private static readonly TimeSpan SaveEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);
    private static readonly Caller Self = Caller.System("programmes");
    private readonly Reached place = new(store, records, Self, "programme-follower");

    // What the rules read; other types cannot change what is derived.
    private static readonly HashSet<string> Watched = new(StringComparer.Ordinal)
    {
        "Patient", "EpisodeOfCare", "QuestionnaireResponse", "Observation", "Condition", "MedicationStatement", "Procedure", "Consent",
    };

    /// <summary>Programmes that the record holds stand before anybody is served.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await recorded.LoadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task RunAsync(CancellationToken cancel)
    {
        var position = await ReadPositionAsync(cancel);
        var saved = clock.GetUtcNow();
        told.Tell(position);
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                var began = clock.GetTimestamp();
                var reached = await FollowAsync(position, cancel);
                told.Tell(reached);
                if (reached > position) await RestAsync(clock.GetElapsedTime(began), cancel);
                if (reached > position && clock.GetUtcNow() - saved >= SaveEvery)
                {
                    await SavePositionAsync(reached, cancel);
                    saved = clock.GetUtcNow();
                }

                position = reached;
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                Failed(failure, position);
                await Task.Delay(AfterFailure, clock, cancel);
            }
        }
    }

    // A third of one processor at most while others write much; a backlog that nobody adds to is worked off at four fifths of one.
    private async Task RestAsync(TimeSpan worked, CancellationToken cancel)
    {
        var now = await store.FeedGrewAsync(-1, cancel);
        var isFlood = now - head > Flood * Math.Max(worked.TotalSeconds, 1);
        head = now;
        var rest = isFlood ? worked * 2 : worked / 4;
        await Task.Delay(rest < LongestRest ? rest : LongestRest, clock, cancel);
    }

    /// <summary>Entries a second that only others' writing explains: what is derived here is far less.</summary>
    private const int Flood = 800;

    private long head;

    /// <summary>One batch; waits when there is nothing. Answers the position reached.</summary>
    internal async Task<long> FollowAsync(long position, CancellationToken cancel)
    {
        var entries = await store.FeedAsync(position, Batch, cancel);
        if (entries.Count is 0)
        {
            await store.FeedGrewAsync(position, cancel);
            return position;
        }

        // A package that another process put into the record is installed here too, without a restart.
        if (entries.Any(e => e.Stored.Key.Type is "Library")) await recorded.LoadAsync(cancel);
        foreach (var person in entries.Where(e => Watched.Contains(e.Stored.Key.Type) && !IsOurs(e)).Select(e => e.Person).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            try
            {
                await followUps.ReconcileAsync(Self, person, cancel);
            }
            catch (RefusedException refused)
            {
                // One person's record that cannot be brought into line must not hold up everybody else's.
                Refused(person, refused.Message);
            }
        }

        return entries[^1].Position;
    }

    /// <summary>Assessments and enrolments that were derived: bringing the person into line wrote them.</summary>
    private static bool IsOurs(FeedEntry entry) => entry.Stored.Key.Id.StartsWith("assess-", StringComparison.Ordinal);

    internal async Task<long> ReadPositionAsync(CancellationToken cancel) =>
        long.TryParse(await place.ReadAsync(cancel), System.Globalization.CultureInfo.InvariantCulture, out var position) ? position : 0;

    internal Task SavePositionAsync(long position, CancellationToken cancel) => place.SaveAsync($"{position}", cancel);

    [LoggerMessage(Level = LogLevel.Error, Message = "Programmes stopped at feed position {Position} and will try again")]
    private partial void Failed(Exception failure, long position);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Programmes could not bring Patient/{Person} into line: {Why}")]
    private partial void Refused(string person, string why);
}

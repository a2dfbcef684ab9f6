using Tongxin.Fhir;

namespace Tongxin.Kernel.Records.Engines;

/// <summary>What one change becomes, given what stands: pure, so that everything that can be refused is refused before anything is written.</summary>
/// <param name="Stored">The version that will stand (or stands).</param>
/// <param name="Current">The row it replaces; null when a row is made.</param>
internal sealed record Decision(PreparedChange Change, Stored Stored, CommitOutcome Outcome, CurrentRow? Current)
{
    public bool Writes => Outcome is CommitOutcome.Created or CommitOutcome.Updated or CommitOutcome.Deleted;

    /// <param name="current">What stands under the change's key (or under the one match of its condition); null when nothing ever did.</param>
    /// <param name="isVisible">Whether the caller may touch it.</param>
    /// <param name="at">Commit time.</param>
    public static Decision Make(PreparedChange change, CurrentRow? current, bool isVisible, DateTimeOffset at)
    {
        // What is not visible is answered as what is not there, tombstones too: their version numbers would tell.
        var hidden = current is { State: not RowState.Mentioned } && !isVisible;
        if (change.Kind is ChangeKind.Put && (hidden || (change.IfPresent && current is null or { State: RowState.Mentioned }))) throw NotThere(change.Key);
        if (hidden) current = null;
        var alive = current is { State: RowState.Current };
        if (change.IfVersion is { } wanted && !(alive && current!.Version == wanted))
            throw OtherVersion(change.Key, wanted, alive ? current!.Version : null);

        return change.Kind switch
        {
            ChangeKind.Delete => alive ? Delete(change, current!, at) : NothingToDelete(change),
            ChangeKind.Create when alive && change.Condition is not null => new(change, current!.ToStored(), CommitOutcome.Unchanged, current),
            _ when alive && (change.IfNotPresent || change.Kind is ChangeKind.Create) =>
                throw RefusedException.Because(412, "conflict", $"{change.Key} exists already."),
            _ => Write(change, current, at),
        };
    }

    public static RefusedException SeveralMatch(PreparedChange change) => RefusedException.Because(
        412, "multiple-matches", $"Several {change.Key.Type} match '{change.ConditionText}': make the condition narrower.");

    /// <summary>Another commit came between the look and the commit: references of this one name an id that will not be. Prepared again it will be right.</summary>
    public static RefusedException MatchMoved(PreparedChange change) => RefusedException.Because(
        409, "transient", $"Another change made the {change.Key.Type} that matches '{change.ConditionText}' at the same moment: try again.");

    private static Decision Write(PreparedChange change, CurrentRow? current, DateTimeOffset at)
    {
        var key = current?.Key ?? change.Key;
        var alive = current is { State: RowState.Current };
        if (alive && change.Body!.Splice(key.Id, current!.Version, DateTimeOffset.FromUnixTimeMilliseconds(current.At)).AsSpan().SequenceEqual(current.Body))
            return new(change, current.ToStored(), CommitOutcome.Unchanged, current);

        var version = (current?.Version ?? 0) + 1;
        var time = NotBefore(at, current);
        var interaction = change.Kind is ChangeKind.Create ? Interaction.Create : Interaction.Update;
        var stored = new Stored(key, version, time, interaction, change.Body!.Splice(key.Id, version, time));
        return new(change, stored, alive ? CommitOutcome.Updated : CommitOutcome.Created, current);
    }

    private static Decision Delete(PreparedChange change, CurrentRow current, DateTimeOffset at) =>
        new(change, new(current.Key, current.Version + 1, NotBefore(at, current), Interaction.Delete, default), CommitOutcome.Deleted, current);

    private static Decision NothingToDelete(PreparedChange change) =>
        new(change, new(change.Key, 0, DateTimeOffset.UnixEpoch, Interaction.Delete, default), CommitOutcome.NothingToDelete, null);

    private static RefusedException OtherVersion(ResourceKey key, long wanted, int? current) => RefusedException.Because(
        412, "conflict", $"{key} is not at version {wanted}{(current is null ? "" : $" but at {current}")}: read it again and repeat the change on that.");

    private static RefusedException NotThere(ResourceKey key) => RefusedException.Because(404, "not-found", $"There is no {key}.");

    // Clocks of several servers differ; within one resource time must not run backwards.
    private static DateTimeOffset NotBefore(DateTimeOffset at, CurrentRow? current) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(at.ToUnixTimeMilliseconds(), current?.At ?? 0));
}

using Tongxin.Kernel.Records.Engines;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>The stored form of a new resource's body, made on the caller's thread: there is one writer, and packing would be a tenth of its work.</summary>
internal sealed record PackedBody(byte[] Json, byte[] Bytes)
{
    /// <summary>Packs what will most likely be a first version; where it is not, the writer packs again.</summary>
    public static PreparedCommit Prepare(PreparedCommit commit) => !commit.Changes.Any(IsNew) ? commit : commit with
    {
        Changes = [.. commit.Changes.Select(change => IsNew(change) ? change with { Packed = Pack(change, commit.At) } : change)],
    };

    /// <summary>What to store of a decision that writes.</summary>
    public static byte[] Of(Decision decision) =>
        decision is { Change.Packed: PackedBody packed, Stored.Version: 1 } && packed.Json.AsSpan().SequenceEqual(decision.Stored.Body.Span)
        ? packed.Bytes
        : BodyCodec.Encode(decision.Stored.Body.Span);

    private static bool IsNew(PreparedChange change) => change is { Kind: ChangeKind.Create or ChangeKind.Put, IfVersion: null, Body: not null };

    private static PackedBody Pack(PreparedChange change, DateTimeOffset at)
    {
        var json = change.Body!.Splice(change.Key.Id, 1, DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds()));
        return new(json, BodyCodec.Encode(json));
    }
}

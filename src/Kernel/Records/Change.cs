namespace Tongxin.Kernel.Records;

/// <summary>One wish to change the record. A commit carries one or many and does all or nothing.</summary>
/// <remarks>
/// Bodies are UTF-8 JSON as they came in; the door validates them. References between changes of one commit may be
/// <c>urn:uuid:…</c> (the <see cref="FullUrl"/> of another change) or conditional (<c>Patient?identifier=…</c>); the door rewrites them.
/// </remarks>
public abstract record Change
{
    private Change(string type, string? fullUrl) => (Type, FullUrl) = (type, fullUrl);

    public string Type { get; }

    /// <summary>Name under which other changes of the commit refer to this one; null when none does.</summary>
    public string? FullUrl { get; }

    /// <summary>Where the sender wrote it, e.g. <c>Bundle.entry[3]</c>, so that a refusal can say so; null for a request of its own.</summary>
    public string? Place { get; init; }

    /// <summary>POST: a new resource with an id of the server's making. <paramref name="IfNoneExist"/> is a search query; one match answers that match instead.</summary>
    public sealed record Create(string ResourceType, ReadOnlyMemory<byte> Body, string? IfNoneExist = null, string? As = null) : Change(ResourceType, As);

    /// <summary>PUT: a new version, or the first under a client's id. <paramref name="IfVersion"/> is <c>If-Match</c>; 412 when it is not current.</summary>
    public sealed record Put(ResourceKey Key, ReadOnlyMemory<byte> Body, long? IfVersion = null, bool IfNotPresent = false, string? As = null)
        : Change(Key.Type, As)
    {
        /// <summary>
        /// The id was chosen by whoever sent the request, not by a page or rule of this server. Who does not see everything of the type then only
        /// replaces what she sees: "made" would tell her that the id was free, and a refusal that it was not.
        /// </summary>
        public bool IsIdOfClient { get; init; }
    }

    /// <summary>Conditional PUT: the one match of <paramref name="Query"/> gets a new version; no match creates; several refuse (412).</summary>
    public sealed record PutWhere(string ResourceType, string Query, ReadOnlyMemory<byte> Body, long? IfVersion = null, string? As = null) : Change(ResourceType, As);

    /// <summary>DELETE: the resource is gone (410), its history stays. Deleting what is not there succeeds.</summary>
    public sealed record Delete(ResourceKey Key, long? IfVersion = null, string? As = null) : Change(Key.Type, As);

    /// <summary>Conditional DELETE; refuses (412) several matches.</summary>
    public sealed record DeleteWhere(string ResourceType, string Query, string? As = null) : Change(ResourceType, As);
}

/// <summary>What one change became.</summary>
/// <param name="Stored">The version that now stands.</param>
/// <param name="Outcome">Whether something was made, changed, found standing already (conditional create, unchanged body) or removed.</param>
public sealed record Committed(Stored Stored, CommitOutcome Outcome);

/// <summary>What a change did; decides 201 or 200 or 204.</summary>
public enum CommitOutcome { Created, Updated, Unchanged, Deleted, NothingToDelete }

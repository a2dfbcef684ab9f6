using System.Collections.Concurrent;
using Npgsql;
using NpgsqlTypes;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>The number (rid) that stands for a resource's key in every table: found, remembered, or given out.</summary>
/// <remarks>
/// A key keeps its rid through updates and deletion, so what is remembered cannot become wrong.
/// A key that is only mentioned by a reference gets a row too (state 0).
/// </remarks>
internal sealed class ResourceIds
{
    public const int BlockSize = 1_024;
    private const int MostRemembered = 500_000;
    private readonly ConcurrentDictionary<ResourceKey, long> known = new();
    private readonly Lock gate = new();
    private readonly Queue<long> blocks = new();
    private long next;
    private long end;

    public bool TryFind(ResourceKey key, out long rid) => known.TryGetValue(key, out rid);

    /// <summary>Call only after the row was committed.</summary>
    public void Remember(ResourceKey key, long rid)
    {
        if (known.Count > MostRemembered) known.Clear();
        known[key] = rid;
    }

    /// <summary>Makes sure that so many rids can be taken without asking the server.</summary>
    public async Task ReserveAsync(NpgsqlConnection connection, int count, CancellationToken cancel)
    {
        int needed;
        lock (gate) needed = (int)((count - (end - next) - ((long)blocks.Count * BlockSize) + BlockSize - 1) / BlockSize);
        if (needed <= 0) return;
        await using var command = new NpgsqlCommand("SELECT nextval('rid_block') FROM generate_series(1, $1)", connection);
        command.Parameters.Add(new() { Value = needed + 1, NpgsqlDbType = NpgsqlDbType.Integer });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            lock (gate) blocks.Enqueue(reader.GetInt64(0));
        }
    }

    /// <summary>The next rid, or 0 when another lane took what was reserved: reserve again.</summary>
    public long Take()
    {
        lock (gate)
        {
            if (next == end)
            {
                if (!blocks.TryDequeue(out next)) return next = end = 0;
                end = next + BlockSize;
            }
            return next++;
        }
    }

    /// <summary>rids of keys that have a row; others are absent from the answer.</summary>
    public async Task<Dictionary<ResourceKey, long>> FindAsync(
        NpgsqlConnection connection, NameDictionary types, IEnumerable<ResourceKey> keys, CancellationToken cancel)
    {
        var found = new Dictionary<ResourceKey, long>();
        var missing = new HashSet<ResourceKey>();
        foreach (var key in keys)
            if (known.TryGetValue(key, out var rid)) found[key] = rid;
            else if (types.IsKnown(key.Type)) missing.Add(key);
        if (missing.Count is 0) return found;

        await using var command = new NpgsqlCommand(
            "SELECT r.rid, r.id, r.type FROM unnest($1, $2) k(id, type) JOIN resource r ON r.id = k.id AND r.type = k.type", connection);
        AddKeys(command.Parameters, types, missing);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var key = new ResourceKey(types.NameOf(reader.GetInt32(2)), reader.GetString(1));
            found[key] = reader.GetInt64(0);
            Remember(key, reader.GetInt64(0));
        }
        return found;
    }

    /// <summary>rids of all keys; what has no row yet gets one that says "mentioned". The connection must be one of <see cref="Connections.Side"/>.</summary>
    public async Task<Dictionary<ResourceKey, long>> EnsureAsync(
        NpgsqlConnection connection, NameDictionary types, IReadOnlyCollection<ResourceKey> keys, CancellationToken cancel)
    {
        var found = await FindAsync(connection, types, keys, cancel);
        var missing = keys.Where(k => !found.ContainsKey(k)).Distinct().OrderBy(k => k.Id, StringComparer.Ordinal).ThenBy(k => k.Type, StringComparer.Ordinal).ToList();
        if (missing.Count is 0) return found;

        await ReserveAsync(connection, missing.Count, cancel);
        var rids = await TakeAsync(connection, missing.Count, cancel);
        await using var insert = new NpgsqlCommand(
            """
            INSERT INTO resource (rid, id, type, county, version, labels, state, interaction, at)
            SELECT k.rid, k.id, k.type, 0, 0, 0, 0, 0, 0 FROM unnest($1, $2, $3) k(id, type, rid) ON CONFLICT (id, type) DO NOTHING
            """, connection);
        AddKeys(insert.Parameters, types, missing);
        insert.Parameters.Add(new() { Value = rids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        await insert.ExecuteNonQueryAsync(cancel);
        foreach (var (key, rid) in await FindAsync(connection, types, missing, cancel)) found[key] = rid;
        return found;
    }

    /// <summary>So many fresh rids, however many the other lane takes meanwhile.</summary>
    public async Task<List<long>> TakeAsync(NpgsqlConnection connection, int count, CancellationToken cancel)
    {
        var rids = new List<long>(count);
        while (rids.Count < count)
        {
            var rid = Take();
            if (rid is 0) await ReserveAsync(connection, count - rids.Count, cancel);
            else rids.Add(rid);
        }
        return rids;
    }

    private static void AddKeys(NpgsqlParameterCollection parameters, NameDictionary types, IReadOnlyCollection<ResourceKey> keys)
    {
        parameters.Add(new() { Value = keys.Select(k => k.Id).ToList(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        parameters.Add(new() { Value = keys.Select(k => types[k.Type]).ToList(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer });
    }
}

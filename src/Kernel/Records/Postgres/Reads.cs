using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Tongxin.Fhir;
using Tongxin.Kernel.Records.Engines;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Reads by key, history and feed.</summary>
internal sealed class Reads(NpgsqlDataSource source, Names names)
{
    private const string Version = "r.id, r.type, r.version, r.at, r.interaction, r.body";

    public async Task<Stored?> ReadAsync(ResourceKey key, Visibility visibility, CancellationToken cancel)
    {
        if (await names.Types.FindAsync(source, key.Type, cancel) is not { } type) return null;
        var sql = new SqlText();
        sql.Append($"SELECT {Version} FROM resource r WHERE r.id = {sql.Text(key.Id)} AND r.type = {sql.Parameter(type, NpgsqlDbType.Integer)}")
            .Append($" AND r.state > 0 AND {VisibilitySql.Of(visibility, "r", sql, names, key.Type)}");
        return (await ListAsync(sql, cancel)).FirstOrDefault();
    }

    /// <summary>Row numbers of those of these organisations that are stored.</summary>
    public async Task<List<(string Id, long Rid)>> OrganisationsAsync(string[] ids, CancellationToken cancel)
    {
        var found = new List<(string, long)>();
        if (ids.Length is 0) return found;
        await using var command = source.CreateCommand("SELECT id, rid FROM resource WHERE type = $1 AND id = ANY($2)");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = names.TypeOrNone("Organization") });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel)) found.Add((reader.GetString(0), reader.GetInt64(1)));
        return found;
    }

    public async Task<Stored?> ReadVersionAsync(ResourceKey key, long version, Visibility visibility, CancellationToken cancel)
    {
        if (version > int.MaxValue || await names.Types.FindAsync(source, key.Type, cancel) is not { } type) return null;
        var sql = new SqlText();
        var (id, number, wanted) = (sql.Text(key.Id), sql.Parameter(type, NpgsqlDbType.Integer), sql.Parameter((int)version, NpgsqlDbType.Integer));
        var visible = VisibilitySql.Of(visibility, "r", sql, names, key.Type);
        sql.Append(
            $"""
            SELECT {Version} FROM resource r WHERE r.id = {id} AND r.type = {number} AND r.version = {wanted} AND r.state > 0 AND {visible}
            UNION ALL
            SELECT {Version} FROM history r WHERE r.rid = (SELECT rid FROM resource WHERE id = {id} AND type = {number}) AND r.version = {wanted} AND {visible}
            """);
        return (await ListAsync(sql, cancel)).FirstOrDefault();
    }

    /// <summary>Newest first. The cursor is the place of the last row: (version) within one resource, (time, rid, version) elsewhere.</summary>
    public async Task<HistoryPage> HistoryAsync(HistoryRequest request, Visibility visibility, CancellationToken cancel)
    {
        int? type = null;
        if (request.Type is not null && (type = await names.Types.FindAsync(source, request.Type, cancel)) is null) return new([], 0, null);

        var sql = new SqlText();
        var where = HistoryWhere(request, type, visibility, sql);
        var of = request.Id is null ? "" : $" AND r.rid = (SELECT rid FROM resource WHERE id = {sql.Text(request.Id)} AND type = {type})";
        var order = request.Id is null ? "at DESC, rid DESC, version DESC" : "version DESC";
        var limit = sql.Parameter(request.Count + 1, NpgsqlDbType.Integer);
        sql.Append(
            $"""
            SELECT id, type, version, at, interaction, body, rid FROM (
                (SELECT {Version}, r.rid FROM resource r WHERE r.state > 0 AND {where}{of} ORDER BY {order} LIMIT {limit})
                UNION ALL
                (SELECT {Version}, r.rid FROM history r WHERE {where}{of} ORDER BY {order} LIMIT {limit})) r
            ORDER BY {order} LIMIT {limit}
            """);
        var rows = await ListAsync(sql, reader => (Stored: ReadStored(reader), Rid: reader.GetInt64(6)), cancel);
        var page = rows.Take(request.Count).ToList();
        var next = rows.Count <= request.Count || page.Count is 0 ? null
            : string.Create(CultureInfo.InvariantCulture, $"{page[^1].Stored.LastUpdated.ToUnixTimeMilliseconds()}.{page[^1].Rid}.{page[^1].Stored.Version}");
        return new([.. page.Select(r => r.Stored)], null, next);
    }

    public async Task<IReadOnlyList<FeedEntry>> FeedAsync(long position, int limit, CancellationToken cancel)
    {
        var sql = new SqlText();
        // OFFSET 0 keeps each lookup a lookup: a plan for any position and limit expects a tenth of the feed and would join it to all resources.
        sql.Append(
            $"""
            SELECT coalesce(r.id, h.id), coalesce(r.type, h.type), f.version, coalesce(r.at, h.at), coalesce(r.interaction, h.interaction), coalesce(r.body, h.body),
                   f.position, c.name, p.id
            FROM (SELECT * FROM feed WHERE position > {sql.Long(position)} ORDER BY position LIMIT {sql.Parameter(limit, NpgsqlDbType.Integer)}) f
            LEFT JOIN LATERAL (SELECT * FROM resource WHERE rid = f.rid AND version = f.version OFFSET 0) r ON true
            LEFT JOIN LATERAL (SELECT * FROM history WHERE rid = f.rid AND version = f.version OFFSET 0) h ON true
            LEFT JOIN county c ON c.id = f.county
            LEFT JOIN LATERAL (SELECT id FROM resource WHERE rid = coalesce(r.person, h.person) OFFSET 0) p ON true
            ORDER BY f.position
            """);
        return await ListAsync(sql, reader => new FeedEntry(
            reader.GetInt64(6),
            ReadStored(reader),
            reader.IsDBNull(7) ? null : reader.GetString(7),
            reader.IsDBNull(8) ? null : reader.GetString(8)), cancel);
    }

    /// <summary>Position of the last commit.</summary>
    public async Task<long> HeadAsync(CancellationToken cancel)
    {
        await using var command = source.CreateCommand("SELECT position FROM feed_head");
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    private string HistoryWhere(HistoryRequest request, int? type, Visibility visibility, SqlText sql)
    {
        var where = new List<string> { VisibilitySql.Of(visibility, "r", sql, names, request.Type) };
        if (type is { } number) where.Add($"r.type = {sql.Parameter(number, NpgsqlDbType.Integer)}");
        if (request.Since is { } since) where.Add($"r.at >= {sql.Long(since.ToUnixTimeMilliseconds())}");
        if (request.Before is { } before) where.Add($"r.at < {sql.Long(before.ToUnixTimeMilliseconds())}");
        if (request.Cursor is { } cursor)
        {
            var (at, rid, version) = ParseCursor(cursor);
            where.Add(request.Id is not null
                ? $"r.version < {sql.Parameter(version, NpgsqlDbType.Integer)}"
                : $"(r.at, r.rid, r.version) < ({sql.Long(at)}, {sql.Long(rid)}, {sql.Parameter(version, NpgsqlDbType.Integer)})");
        }
        return string.Join(" AND ", where);
    }

    private static (long At, long Rid, int Version) ParseCursor(string cursor)
    {
        var parts = cursor.Split('.');
        return parts.Length is 3 && long.TryParse(parts[0], CultureInfo.InvariantCulture, out var at) && long.TryParse(parts[1], CultureInfo.InvariantCulture, out var rid)
            && int.TryParse(parts[2], CultureInfo.InvariantCulture, out var version)
            ? (at, rid, version)
            : throw RefusedException.Because(400, "value", "The page cursor is not one that this server made.");
    }

    private Task<List<Stored>> ListAsync(SqlText sql, CancellationToken cancel) => ListAsync(sql, ReadStored, cancel);

    private async Task<List<T>> ListAsync<T>(SqlText sql, Func<NpgsqlDataReader, T> read, CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel);
        await using var command = sql.ToCommand(connection);
        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            // Another process may have met a type or county first.
            if (!names.Knows(reader.GetInt32(1))) await names.CatchUpAsync(source, cancel);
            rows.Add(read(reader));
        }
        return rows;
    }

    private Stored ReadStored(NpgsqlDataReader reader) => new(
        new(names.Types.NameOf(reader.GetInt32(1)), reader.GetString(0)),
        reader.GetInt32(2),
        DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(3)),
        (Interaction)reader.GetInt16(4),
        reader.IsDBNull(5) ? default : BodyCodec.Decode(reader.GetFieldValue<byte[]>(5)));
}

using System.Globalization;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>Reads by key, history and feed.</summary>
internal static class Reads
{
    public static Stored? Current(SqliteSession session, Names names, ResourceKey key, Visibility visibility)
    {
        var sql = new SqlText();
        sql.Append($"SELECT {StoredRow.Columns} FROM resource r WHERE r.id = {sql.Value(key.Id)} AND r.type = {sql.Value(names.TypeOrNone(key.Type))}")
            .Append($" AND r.state > 0 AND {VisibilitySql.Of(visibility, "r", sql, names, key.Type)}");
        return session.List(sql, r => StoredRow.Read(r, names)).FirstOrDefault();
    }

    public static Stored? Version(SqliteSession session, Names names, ResourceKey key, long version, Visibility visibility)
    {
        var sql = new SqlText();
        var (id, type, wanted) = (sql.Value(key.Id), sql.Value(names.TypeOrNone(key.Type)), sql.Value(version));
        var visible = VisibilitySql.Of(visibility, "r", sql, names, key.Type);
        sql.Append(
            $"""
            SELECT {StoredRow.Columns} FROM resource r WHERE r.id = {id} AND r.type = {type} AND r.version = {wanted} AND r.state > 0 AND {visible}
            UNION ALL
            SELECT {StoredRow.Columns} FROM history r
            WHERE r.rid = (SELECT rid FROM resource WHERE id = {id} AND type = {type}) AND r.version = {wanted} AND {visible}
            """);
        return session.List(sql, r => StoredRow.Read(r, names)).FirstOrDefault();
    }

    /// <summary>Row numbers of those of these organisations that are stored.</summary>
    public static List<(string Id, long Rid)> Organisations(SqliteSession session, Names names, string[] ids)
    {
        var sql = new SqlText();
        sql.Append($"SELECT r.id, r.rid FROM resource r WHERE r.type = {sql.Value(names.TypeOrNone("Organization"))} AND r.id IN {sql.In(ids)}");
        return ids.Length is 0 ? [] : session.List(sql, r => (r.GetString(0), r.GetInt64(1)));
    }

    /// <summary>Newest first. The cursor is the place of the last row: (version) within one resource, (time, rid, version) elsewhere.</summary>
    public static HistoryPage History(SqliteSession session, Names names, HistoryRequest request, Visibility visibility)
    {
        var sql = new SqlText();
        var where = Where(names, request, visibility, sql);
        var limit = sql.Value(request.Count + 1);
        var order = request.Id is null ? "at DESC, rid DESC, version DESC" : "version DESC";
        sql.Append(
            $"""
            SELECT id, type, version, at, interaction, body, rid FROM (
                SELECT * FROM (SELECT {StoredRow.Columns}, r.rid FROM resource r WHERE r.state > 0 AND {where} ORDER BY {order} LIMIT {limit})
                UNION ALL
                SELECT * FROM (SELECT {StoredRow.Columns}, r.rid FROM history r WHERE {where} ORDER BY {order} LIMIT {limit}))
            ORDER BY {order} LIMIT {limit}
            """);
        var rows = session.List(sql, r => (Stored: StoredRow.Read(r, names), Rid: r.GetInt64(6)));
        var page = rows.Take(request.Count).ToList();
        var next = rows.Count <= request.Count || page.Count is 0 ? null
            : string.Create(CultureInfo.InvariantCulture, $"{page[^1].Stored.LastUpdated.ToUnixTimeMilliseconds()}.{page[^1].Rid}.{page[^1].Stored.Version}");
        return new([.. page.Select(r => r.Stored)], null, next);
    }

    public static List<FeedEntry> Feed(SqliteSession session, Names names, long position, int limit) => session.List(
        """
        SELECT coalesce(r.id, h.id), coalesce(r.type, h.type), f.version, coalesce(r.at, h.at), coalesce(r.interaction, h.interaction),
               CASE WHEN r.rid IS NULL THEN h.body ELSE r.body END, f.position, f.county, p.id
        FROM (SELECT * FROM feed WHERE position > ?1 ORDER BY position LIMIT ?2) f
        LEFT JOIN resource r ON r.rid = f.rid AND r.version = f.version
        LEFT JOIN history h ON h.rid = f.rid AND h.version = f.version
        LEFT JOIN resource p ON p.rid = coalesce(r.person, h.person)
        ORDER BY f.position
        """,
        r => new FeedEntry(
            r.GetInt64(6), StoredRow.Read(r, names), r.GetInt32(7) is Names.None ? null : names.Counties.NameOf(r.GetInt32(7)), r.IsDBNull(8) ? null : r.GetString(8)),
        position, limit);

    private static string Where(Names names, HistoryRequest request, Visibility visibility, SqlText sql)
    {
        var where = new List<string> { VisibilitySql.Of(visibility, "r", sql, names, request.Type) };
        if (request.Type is not null) where.Add($"r.type = {sql.Value(names.TypeOrNone(request.Type))}");
        if (request.Id is not null)
            where.Add($"r.rid = (SELECT rid FROM resource WHERE id = {sql.Value(request.Id)} AND type = {sql.Value(names.TypeOrNone(request.Type!))})");
        if (request.Since is { } since) where.Add($"r.at >= {sql.Value(since.ToUnixTimeMilliseconds())}");
        if (request.Before is { } before) where.Add($"r.at < {sql.Value(before.ToUnixTimeMilliseconds())}");
        if (request.Cursor is { } cursor)
        {
            var (at, rid, version) = ParseCursor(cursor);
            where.Add(request.Id is not null
                ? $"r.version < {sql.Value(version)}"
                : $"(r.at, r.rid, r.version) < ({sql.Value(at)}, {sql.Value(rid)}, {sql.Value(version)})");
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
}

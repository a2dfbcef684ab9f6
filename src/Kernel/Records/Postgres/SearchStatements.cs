using Npgsql;
using NpgsqlTypes;
using Tongxin.Fhir;
using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Runs searches: one statement for the page, one for the total when it is asked, one for each kind of include.</summary>
internal sealed class SearchStatements(Connections connections, Names names, ResourceIds ids)
{
    /// <summary>Rounds of <c>_include:iterate</c>; a longer chain of references than this is no patient's.</summary>
    private const int MostRounds = 10;

    public async Task<SearchPage> SearchAsync(SearchRequest request, Visibility visibility, CancellationToken cancel)
    {
        // One criterion has one good plan for every value; with more it depends on the values, and a plan for the average one can be ruinous.
        var isSimple = SearchSql.HasOnePlan(request.Criteria, request.Sort.Count) || SearchSql.Anchor(request) is not null;
        var isNarrow = !isSimple && SearchSql.MayBeNarrow(request);
        var first = isSimple || isNarrow ? connections.Readers : connections.Searches;
        var reached = await first.OpenConnectionAsync(cancel);
        try
        {
            var search = await PlanAsync(reached, request, visibility, cancel);
            if (isNarrow && !search.IsNarrow)
            {
                await reached.DisposeAsync();
                reached = await connections.Searches.OpenConnectionAsync(cancel);
            }
            return await FoundAsync(reached, search, request, visibility, cancel);
        }
        finally
        {
            await reached.DisposeAsync();
        }
    }

    private async Task<SearchPage> FoundAsync(
        NpgsqlConnection connection, SearchSql search, SearchRequest request, Visibility visibility, CancellationToken cancel)
    {
        var countOnly = request.Summary is SummaryMode.Count || request.Count is 0;
        var total = countOnly || request.Total is not TotalMode.None ? await CountAsync(connection, search, cancel) : null as long?;
        if (countOnly) return new([], [], total, null);

        var found = search.IsTimeline
            ? await TimelineAsync(connection, search, request.Count + 1, cancel)
            : await ListAsync(connection, search.Page(), search.Sort.Count, cancel);
        var page = found.Take(request.Count).ToList();
        var next = found.Count > request.Count ? new PageCursor(page[^1].Keys, page[^1].Rid).ToString() : null;
        var included = request.Includes.Count is 0 ? [] : await IncludeAsync(connection, request, visibility, page, cancel);
        return new([.. page.Select(f => f.Stored)], [.. included.Select(f => f.Stored)], total, next);
    }

    /// <summary>The first matches as rows locked until the caller's transaction ends.</summary>
    public async Task<List<CurrentRow>> LockAsync(NpgsqlConnection connection, SearchRequest request, Visibility visibility, CancellationToken cancel)
    {
        var search = await PlanAsync(connection, request, visibility, cancel);
        await using var command = search.Locked().ToCommand(connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<CurrentRow>();
        while (await reader.ReadAsync(cancel)) rows.Add(CurrentRows.Read(reader, names.Types));
        return rows;
    }

    private async Task<SearchSql> PlanAsync(NpgsqlConnection connection, SearchRequest request, Visibility visibility, CancellationToken cancel)
    {
        var asked = new NamesAsked(request, visibility);
        await names.LearnAsync(connection, asked, cancel);
        var keys = await ids.FindAsync(connection, names.Types, asked.Keys, cancel);
        var search = new SearchSql(request, visibility, names, keys);
        await search.Links.ResolveAsync(connection, request.Criteria, search, cancel);
        return search;
    }

    private async Task<List<FoundRow>> TimelineAsync(NpgsqlConnection connection, SearchSql search, int wanted, CancellationToken cancel)
    {
        var found = search.Timeline() is { } timeline ? await ListAsync(connection, timeline, 1, cancel) : [];
        if (found.Count < wanted) found.AddRange(await ListAsync(connection, search.Timeless(wanted - found.Count), 1, cancel));
        return found;
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, SearchSql search, CancellationToken cancel)
    {
        await using var command = search.Total().ToCommand(connection);
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    private async Task<List<FoundRow>> ListAsync(NpgsqlConnection connection, SqlText sql, int sortKeys, CancellationToken cancel)
    {
        await using var command = sql.ToCommand(connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<FoundRow>();
        while (await reader.ReadAsync(cancel))
        {
            var row = FoundRow.Read(reader, names.Types, sortKeys);
            // A value that stands twice in a resource finds it twice, one after the other.
            if (rows.Count is 0 || rows[^1].Rid != row.Rid) rows.Add(row);
        }
        return rows;
    }

    private async Task<List<FoundRow>> IncludeAsync(
        NpgsqlConnection connection, SearchRequest request, Visibility visibility, List<FoundRow> page, CancellationToken cancel)
    {
        var known = page.Select(f => f.Rid).ToHashSet();
        var included = new List<FoundRow>();
        var sources = page;
        for (var round = 0; round < MostRounds && sources.Count > 0; round++)
        {
            var found = new List<FoundRow>();
            foreach (var include in request.Includes.Where(i => round is 0 || i.Iterate))
            {
                if (IncludeSql.Of(include, sources, visibility, names) is not { } sql) continue;
                sql.Append($" LIMIT {sql.Parameter(SearchRequest.MostIncluded + 1, NpgsqlDbType.Integer)}");
                found.AddRange((await ListAsync(connection, sql, 0, cancel)).Where(f => known.Add(f.Rid)));
                if (included.Count + found.Count > SearchRequest.MostIncluded) throw TooManyIncluded();
            }
            included.AddRange(found.OrderBy(f => f.Rid));
            sources = found;
        }
        return included;
    }

    private static RefusedException TooManyIncluded() => RefusedException.Because(
        400, "too-costly", $"More than {SearchRequest.MostIncluded} resources would be included: ask for a smaller page (_count) or fewer kinds.");
}

/// <summary>A resource that a search found, with what the page's end needs to know.</summary>
internal sealed record FoundRow(Stored Stored, long Rid, string?[] Keys)
{
    /// <summary>Columns that <see cref="Read"/> expects, of a row called r; the sort keys follow as text.</summary>
    public const string Columns = "r.id, r.type, r.version, r.at, r.interaction, r.body, r.rid";

    private const int FirstKey = 7;

    public static FoundRow Read(NpgsqlDataReader reader, NameDictionary types, int sortKeys)
    {
        var keys = new string?[sortKeys];
        for (var i = 0; i < sortKeys; i++) keys[i] = reader.IsDBNull(FirstKey + i) ? null : reader.GetString(FirstKey + i);
        var stored = new Stored(
            new(types.NameOf(reader.GetInt32(1)), reader.GetString(0)),
            reader.GetInt32(2),
            DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(3)),
            (Interaction)reader.GetInt16(4),
            BodyCodec.Decode(reader.GetFieldValue<byte[]>(5)));
        return new(stored, reader.GetInt64(6), keys);
    }
}

using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Npgsql;
using NpgsqlTypes;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Row numbers of organisations, which never change once given, so that a policy need not look them up in every statement.</summary>
/// <remarks>A set of which one is not stored yet has no answer; the statement then asks the database itself, and the set is tried again later.</remarks>
internal sealed class OrganisationRows
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, long> rows = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<IReadOnlySet<string>, Known> sets = [];

    /// <summary>Null when one of them is not known.</summary>
    public long[]? Of(IReadOnlySet<string> organisations) => sets.TryGetValue(organisations, out var known) ? known.Rows : null;

    /// <summary>Looks up what this process has not met; free when it has met the set.</summary>
    public ValueTask LearnAsync(NpgsqlDataSource source, Visibility visibility, Names names, CancellationToken cancel)
    {
        if (visibility is not Visibility.Scoped { Organisations: { Count: > 0 } organisations } || !names.Types.IsKnown("Organization")) return default;
        if (sets.TryGetValue(organisations, out var known) && (known.Rows is not null || Environment.TickCount64 - known.At < Again.TotalMilliseconds)) return default;
        return new(FindAsync(source, organisations, names.Types["Organization"], cancel));
    }

    private async Task FindAsync(NpgsqlDataSource source, IReadOnlySet<string> organisations, int type, CancellationToken cancel)
    {
        var missing = organisations.Where(o => !rows.ContainsKey(o)).ToArray();
        if (missing.Length > 0)
        {
            await using var command = source.CreateCommand("SELECT id, rid FROM resource WHERE type = $1 AND id = ANY($2)");
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = type });
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = missing, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel)) rows[reader.GetString(0)] = reader.GetInt64(1);
        }

        var found = organisations.Where(rows.ContainsKey).Select(o => rows[o]).ToArray();
        sets.AddOrUpdate(organisations, new(found.Length == organisations.Count ? found : null, Environment.TickCount64));
    }

    private sealed record Known(long[]? Rows, long At);
}

using Npgsql;
using NpgsqlTypes;
using Tongxin.Kernel.Records.Engines;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>A <see cref="Visibility"/> applied to single rows that were read anyway; the same rule as <see cref="VisibilitySql"/> compiles into statements.</summary>
internal sealed class Sight
{
    private readonly Visibility visibility;
    private readonly Names names;
    private readonly HashSet<long> people = [];

    private Sight(Visibility visibility, Names names) => (this.visibility, this.names) = (visibility, names);

    public static async Task<Sight> OfAsync(NpgsqlConnection connection, Names names, Visibility visibility, IEnumerable<CurrentRow> rows, CancellationToken cancel)
    {
        var sight = new Sight(visibility, names);
        if (visibility is not Visibility.Scoped scoped) return sight;
        var asked = rows.Select(r => r.Person).OfType<long>().Distinct().ToList();
        if (asked.Count is 0) return sight;
        await using var command = new NpgsqlCommand(
            """
            SELECT p.rid FROM resource p WHERE p.rid = ANY($1) AND (p.id = ANY($2) OR EXISTS (
                SELECT 1 FROM relation x JOIN resource o ON o.rid = x.organisation WHERE x.person = p.rid AND o.id = ANY($3)))
            """, connection);
        command.Parameters.Add(new() { Value = asked, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = scoped.People.ToList(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = scoped.Organisations.ToList(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel)) sight.people.Add(reader.GetInt64(0));
        return sight;
    }

    public bool Sees(CurrentRow row) => visibility switch
    {
        Visibility.Everything => true,
        Visibility.Scoped scoped => scoped.Types.TryGetValue(row.Key.Type, out var reach) && (row.Labels & ~scoped.Labels) is SensitivityLabels.None
            && reach switch
            {
                Visibility.Reach.Any => true,
                Visibility.Reach.Shared => row.Person is null,
                Visibility.Reach.Related => row.Person is { } person && IsReached(person, row, scoped),
                Visibility.Reach.RelatedOrShared => row.Person is not { } somebody || IsReached(somebody, row, scoped),
                _ => false,
            },
        _ => false,
    };

    private bool IsReached(long person, CurrentRow row, Visibility.Scoped scoped) => people.Contains(person) || InCounty(row, scoped);

    private bool InCounty(CurrentRow row, Visibility.Scoped scoped) => scoped.Counties.Any(c => names.Counties.IsKnown(c) && names.Counties[c] == row.County);
}

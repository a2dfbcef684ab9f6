using System.Collections.Concurrent;
using Npgsql;
using NpgsqlTypes;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Names that stand as numbers in the rows: types, parameters, code systems, counties, displays.</summary>
/// <remarks>
/// A name's number is given once, by whichever process asks first, and never changes, so it is remembered for ever (up to a limit: displays
/// can be many). New names are written outside the commit without waiting for the disk: the commit that uses them waits for its own, later
/// journal record, which cannot reach the disk before theirs.
/// </remarks>
internal sealed class NameDictionary(string table)
{
    private const int MostRemembered = 200_000;
    private readonly ConcurrentDictionary<int, string> names = new();
    private volatile ConcurrentDictionary<string, int> numbers = new(StringComparer.Ordinal);

    // What was remembered before the last forgetting: a commit that ensured its names just before must still find them.
    private volatile ConcurrentDictionary<string, int> older = new(StringComparer.Ordinal);

    /// <summary>The number of a name that was ensured before.</summary>
    public int this[string name] => numbers.TryGetValue(name, out var number) ? number : older[name];

    public bool IsKnown(string name) => numbers.ContainsKey(name);

    public bool Remembers(int number) => names.ContainsKey(number);

    public string NameOf(int number) => names[number];

    /// <summary>Gives every name a number. The connection must be one of <see cref="Connections.Side"/>.</summary>
    public async Task EnsureAsync(NpgsqlConnection connection, IReadOnlyCollection<string> wanted, CancellationToken cancel)
    {
        var missing = wanted.Where(n => !numbers.ContainsKey(n)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (missing.Count is 0) return;
        if (numbers.Count > MostRemembered) Forget();
        await LoadAsync(connection, missing, cancel);
        missing.RemoveAll(numbers.ContainsKey);
        if (missing.Count is 0) return;
        await using var insert = new NpgsqlCommand($"INSERT INTO {table} (name) SELECT unnest($1) ON CONFLICT DO NOTHING", connection);
        insert.Parameters.Add(Names(missing));
        await insert.ExecuteNonQueryAsync(cancel);
        await LoadAsync(connection, missing, cancel);
    }

    /// <summary>The number, or null when no row was ever written with that name.</summary>
    public async ValueTask<int?> FindAsync(NpgsqlDataSource source, string name, CancellationToken cancel)
    {
        if (numbers.TryGetValue(name, out var known)) return known;
        await using var connection = await source.OpenConnectionAsync(cancel);
        await LoadAsync(connection, [name], cancel);
        return numbers.TryGetValue(name, out known) ? known : null;
    }

    /// <summary>Numbers of all remembered names that begin so.</summary>
    public IEnumerable<int> NumbersOf(string prefix) => numbers.Where(n => n.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(n => n.Value);

    /// <summary>Looks for names that are not remembered; those without a number stay unknown.</summary>
    public async Task LearnAsync(NpgsqlConnection connection, HashSet<string> asked, CancellationToken cancel)
    {
        var missing = asked.Where(n => !IsKnown(n)).ToList();
        if (missing.Count > 0) await LoadAsync(connection, missing, cancel);
    }

    /// <summary>Remembers what stands in the table; for the small dictionaries at start-up.</summary>
    public Task LoadAllAsync(NpgsqlConnection connection, CancellationToken cancel) =>
        ReadAsync(new NpgsqlCommand($"SELECT id, name FROM {table}", connection), cancel);

    private Task LoadAsync(NpgsqlConnection connection, List<string> wanted, CancellationToken cancel)
    {
        var command = new NpgsqlCommand($"SELECT id, name FROM {table} WHERE name = ANY($1)", connection);
        command.Parameters.Add(Names(wanted));
        return ReadAsync(command, cancel);
    }

    private async Task ReadAsync(NpgsqlCommand command, CancellationToken cancel)
    {
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                var (number, name) = (reader.GetInt32(0), reader.GetString(1));
                numbers[name] = number;
                names[number] = name;
            }
        }
    }

    private void Forget()
    {
        older = numbers;
        numbers = new(StringComparer.Ordinal);
        names.Clear();
    }

    private static NpgsqlParameter Names(List<string> wanted) => new() { Value = wanted, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}

using System.Text.Json;
using Npgsql;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Postgres;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Faults;

/// <summary>A store that can be opened again after whatever befell it.</summary>
/// <param name="Engine">postgres or sqlite.</param>
/// <param name="Place">Connection string or folder.</param>
internal sealed record Target(string Engine, string Place)
{
    /// <summary>Open although the server may forget.</summary>
    public bool Unsafe { get; init; }

    public static async Task<Target> PostgresAsync(PostgresCluster cluster) => new("postgres", await cluster.CreateDatabaseAsync());

    public async Task<IRecordStore> OpenAsync() => Engine switch
    {
        "postgres" => await PostgresStore.OpenAsync(new() { ConnectionString = Place, Unsafe = Unsafe }, CancellationToken.None),
        _ => throw new NotSupportedException(Engine),
    };

    public static IRecordUpkeep UpkeepOf(IRecordStore store) => store switch
    {
        PostgresStore postgres => postgres.Upkeep,
        _ => throw new NotSupportedException(store.GetType().Name),
    };

    /// <summary>The operations that the audit trail names, as often as it names them.</summary>
    public async Task<List<string>> AuditedAsync()
    {
        await using var source = NpgsqlDataSource.Create(Place);
        await using var command = source.CreateCommand("SELECT entry FROM audit ORDER BY seq");
        await using var reader = await command.ExecuteReaderAsync();
        var operations = new List<string>();
        while (await reader.ReadAsync())
        {
            using var entry = JsonDocument.Parse(BodyCodec.Decode(reader.GetFieldValue<byte[]>(0)));
            operations.Add(entry.RootElement.GetProperty("operation").GetString()!);
        }
        return operations;
    }
}

using System.Text.Json;
using Microsoft.Data.Sqlite;
using Npgsql;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Postgres;
using Tongxin.Kernel.Records.Sqlite;
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

    /// <summary>A record in a folder of its own, or in one that is given: on a disk that will fail.</summary>
    public static Target Sqlite(string? folder = null) => new("sqlite", folder ?? Directory.CreateTempSubdirectory("tongxin-fault-").FullName);

    public async Task<IRecordStore> OpenAsync() => Engine switch
    {
        "postgres" => await PostgresStore.OpenAsync(new() { ConnectionString = Place, Unsafe = Unsafe }, CancellationToken.None),
        "sqlite" => SqliteStore.Open(Place),
        _ => throw new NotSupportedException(Engine),
    };

    public static IRecordUpkeep UpkeepOf(IRecordStore store) => store switch
    {
        PostgresStore postgres => postgres.Upkeep,
        SqliteStore sqlite => sqlite.Upkeep,
        _ => throw new NotSupportedException(store.GetType().Name),
    };

    /// <summary>The operations that the audit trail names, as often as it names them.</summary>
    public Task<List<string>> AuditedAsync() => Engine is "postgres" ? AuditedInPostgresAsync() : Task.FromResult(AuditedInSqlite());

    private async Task<List<string>> AuditedInPostgresAsync()
    {
        await using var source = NpgsqlDataSource.Create(Place);
        await using var command = source.CreateCommand("SELECT entry FROM audit ORDER BY seq");
        await using var reader = await command.ExecuteReaderAsync();
        var operations = new List<string>();
        while (await reader.ReadAsync()) operations.Add(Operation(reader.GetFieldValue<byte[]>(0)));
        return operations;
    }

    private List<string> AuditedInSqlite()
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(Place, SqliteStore.FileName)};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT entry FROM audit ORDER BY seq";
        using var reader = command.ExecuteReader();
        var operations = new List<string>();
        while (reader.Read()) operations.Add(Operation(reader.GetFieldValue<byte[]>(0)));
        return operations;
    }

    private static string Operation(byte[] stored)
    {
        using var entry = JsonDocument.Parse(BodyCodec.Decode(stored));
        return entry.RootElement.GetProperty("operation").GetString()!;
    }
}

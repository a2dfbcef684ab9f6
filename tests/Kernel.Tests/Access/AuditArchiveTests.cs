using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Tests.Records;
using static Tongxin.Kernel.Tests.Access.AccessWorld;

namespace Tongxin.Kernel.Tests.Access;

/// <summary>Audit rows older than six months move into signed files; table and files are one chain, and whoever changes either is found.</summary>
public abstract class AuditArchiveTests : IAsyncLifetime
{
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 1, 10, 8, 0, 0, TimeSpan.Zero));
    private ServiceProvider services = null!;
    private RecordEngine engine = null!;

    // From the second day on: what was written on the first is older than the table keeps, what was written on the second is not.
    private static readonly TimeSpan OldIsOld = AuditArchiving.Hot - TimeSpan.FromDays(1) + TimeSpan.FromHours(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private AuditTrail Trail => services.GetRequiredService<AuditTrail>();
    private string Archive => Path.Combine(engine.Folder, AuditArchive.FolderName);
    private string[] Files => [.. Directory.GetFiles(Archive, "*.log").Order(StringComparer.Ordinal)];

    protected abstract Task<RecordEngine> EngineAsync();

    public async ValueTask InitializeAsync()
    {
        engine = await EngineAsync();
        services = await OpenedAsync(engine);
        await WriteAsync("old", 7);
        clock.Advance(TimeSpan.FromDays(1));
        await WriteAsync("later", 5);
    }

    [Fact]
    public async Task Rows_stay_for_six_months_and_then_lie_in_the_archive_as_one_chain_with_the_table()
    {
        clock.Advance(AuditArchiving.Hot - TimeSpan.FromDays(1));
        Assert.Equal(0, await MoveAsync());
        Assert.Null(Trail.Archived);
        clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal(7, await MoveAsync());
        Assert.Equal(0, await MoveAsync());
        await WriteAsync("new", 3);

        Assert.Equal(new AuditVerdict(15, null, null), await Trail.VerifyAsync(Cancel));
        Assert.Empty(await services.GetRequiredService<RecordUpkeep>().VerifyAsync(null, Cancel));
        Assert.Equal(8, (await services.GetRequiredService<IAuditStore>().RowsAsync(0, 100, Cancel)).Count);
        Assert.Equal(7, Trail.Archived!.Passages);
        Assert.Equal(new DateTimeOffset(2026, 1, 10, 8, 0, 0, TimeSpan.Zero), Trail.Archived.Until);
    }

    [Fact]
    public async Task The_auditor_finds_in_the_archive_what_the_resident_is_told_is_there()
    {
        clock.Advance(OldIsOld);
        await MoveAsync();
        clock.Advance(TimeSpan.FromDays(1));
        await MoveAsync();
        Assert.Equal(2, Files.Length);

        Assert.Empty((await Trail.OfPersonAsync("old-3", Cancel)).Passages);
        var found = await Trail.FindAsync(e => e.Did is "commit", "old-3", 50, Cancel);
        Assert.Equal("4.0", Assert.Single(found.Passages).Id);
        Assert.Null(found.Next);
        // Page by page, everything comes once.
        var ids = new List<string>();
        for (long? before = long.MaxValue; before is not null;)
        {
            var page = await Trail.FindAsync(_ => true, null, 4, Cancel, before);
            ids.AddRange(page.Passages.Select(p => p.Id));
            before = page.Next;
        }

        Assert.Equal(Enumerable.Range(1, 12).Reverse().Select(i => $"{i}.0"), ids);
    }

    [Fact]
    public async Task A_server_that_died_between_file_and_table_loses_and_doubles_nothing()
    {
        clock.Advance(OldIsOld);
        var store = services.GetRequiredService<IAuditStore>();
        var rows = (await store.RowsAsync(0, 7, Cancel)).ToList();
        AuditArchive.Of(engine).Add(rows, AuditChain.Beginning, 7);

        Assert.Equal(new AuditVerdict(12, null, null), await Trail.VerifyAsync(Cancel));
        Assert.Equal(12, (await Trail.FindAsync(_ => true, null, 50, Cancel)).Passages.Count);
        Assert.Equal(0, await MoveAsync());

        Assert.Equal(5, (await store.RowsAsync(0, 100, Cancel)).Count);
        Assert.Equal(new AuditVerdict(12, null, null), await Trail.VerifyAsync(Cancel));
    }

    [Theory]
    [InlineData("word", 1)]
    [InlineData("row", 1)]
    [InlineData("first file", 1)]
    [InlineData("last file", 8)]
    [InlineData("key", 1)]
    [InlineData("forged", 3)]
    public async Task A_change_in_the_archive_is_found(string what, long position)
    {
        clock.Advance(OldIsOld);
        await MoveAsync();
        clock.Advance(TimeSpan.FromDays(1));
        await MoveAsync();
        Assert.True((await Trail.VerifyAsync(Cancel)).Holds);
        var lines = await File.ReadAllLinesAsync(Files[0], Cancel);
        switch (what)
        {
            case "word": await File.WriteAllLinesAsync(Files[0], lines.Select(l => l.Replace("2026-01-10", "2026-01-11", StringComparison.Ordinal)), Cancel); break;
            case "row": await File.WriteAllLinesAsync(Files[0], lines.Where((_, i) => i is not 3), Cancel); break;
            case "first file": File.Delete(Files[0]); break;
            case "last file": File.Delete(Files[^1]); break;
            case "key": File.Delete(Path.Combine(engine.Folder, AuditArchive.KeyName)); break;
            // Somebody who holds the key signs a changed row, and its seal is made to fit: the row after it tells.
            default: Forge(Files[0], 2); break;
        }

        var verdict = await Trail.VerifyAsync(Cancel);
        Assert.Equal(position, verdict.FirstBroken);
        Assert.NotEmpty(verdict.Problem!);
        // What does not hold is not built upon.
        clock.Advance(TimeSpan.FromDays(30));
        await WriteAsync("more", 2);
        clock.Advance(AuditArchiving.Hot + TimeSpan.FromDays(1));
        if (what is "last file" or "key") await Assert.ThrowsAsync<InvalidDataException>(MoveAsync);
    }

    [Fact]
    public async Task A_row_changed_in_the_table_is_not_archived()
    {
        await TamperAsync("UPDATE audit SET at = at - 1 WHERE seq = 3");
        clock.Advance(OldIsOld);

        var refused = await Assert.ThrowsAsync<InvalidDataException>(MoveAsync);

        Assert.Contains("Row 3", refused.Message, StringComparison.Ordinal);
        Assert.Equal(3, (await Trail.VerifyAsync(Cancel)).FirstBroken);
        Assert.False(Directory.Exists(Archive));
    }

    [Fact]
    public async Task A_backup_takes_the_archive_along()
    {
        clock.Advance(OldIsOld);
        await MoveAsync();
        var backup = Path.Combine(Directory.CreateTempSubdirectory("tongxin-archive-").FullName, "backup");
        await RecordBackup.WriteAsync(engine, backup, clock.GetUtcNow(), Cancel);

        var again = await EngineAsync();
        await RecordBackup.RestoreAsync(again, backup, Cancel);

        await using var restored = await OpenedAsync(again);
        Assert.Equal(new AuditVerdict(12, null, null), await restored.GetRequiredService<AuditTrail>().VerifyAsync(Cancel));
    }

    protected abstract Task TamperAsync(string sql);

    private void Forge(string file, int index)
    {
        var archive = AuditArchive.Of(engine);
        var rows = archive.Read(file).Rows.ToList();
        var changed = rows[index - 1] with { At = rows[index - 1].At.AddHours(1) };
        rows[index - 1] = changed with { Seal = AuditChain.Seal(rows[index - 2].Seal!.Value.Span, changed) };
        var others = Files.Skip(1).Select(f => (f, File.ReadAllBytes(f))).ToList();
        foreach (var each in Files) File.Delete(each);
        archive.Add(rows, AuditChain.Beginning, rows.Count);
        foreach (var (name, bytes) in others) File.WriteAllBytes(name, bytes);
    }

    private Task<long> MoveAsync() => services.GetRequiredService<AuditArchiving>().MoveAsync(Cancel);

    private async Task WriteAsync(string name, int people)
    {
        for (var i = 0; i < people; i++)
            await services.GetRequiredService<RecordAccess>().CommitAsync(Caller.System("test"), [Put(Patient($"{name}-{i}", "village-a1"))], new(), Cancel);
        await Trail.FlushAsync(Cancel);
    }

    private async Task<ServiceProvider> OpenedAsync(RecordEngine at)
    {
        var collection = new ServiceCollection();
        collection.AddLogging().AddSingleton<TimeProvider>(clock);
        await collection.AddRecordAsync(at, Cancel);
        return collection.BuildServiceProvider();
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>The same on SQLite.</summary>
public sealed class AuditArchiveSqliteTests : AuditArchiveTests
{
    private string folder = "";

    protected override Task<RecordEngine> EngineAsync() =>
        Task.FromResult<RecordEngine>(new RecordEngine.Sqlite(folder = Directory.CreateTempSubdirectory("tongxin-archive-").FullName));

    protected override async Task TamperAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "record.db")};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements stand in this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>The same on PostgreSQL.</summary>
public sealed class AuditArchivePostgresTests : AuditArchiveTests
{
    private string connectionString = "";

    protected override async Task<RecordEngine> EngineAsync() => new RecordEngine.Postgres(connectionString = await (await PostgresCluster.OfThisProcess).CreateDatabaseAsync())
    {
        Folder = Directory.CreateTempSubdirectory("tongxin-archive-").FullName,
    };

    protected override async Task TamperAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}

using System.Net;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Modules.Tests.Demo;

/// <summary>What goes wrong when somebody starts the program: one sentence that says the way out, and a second try that works.</summary>
public sealed class BadStartTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-start-").FullName;

    private string Data => Path.Combine(folder, "county");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_taken_port_is_named_before_anything_is_made()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        (await Program.RunAsync("demo", "--residents", "100", "--data", Data, "--port", $"{port}")).RefusedWith($"{port}", "--port");
        Assert.False(Directory.Exists(Data));
        (await Program.RunAsync("serve", "--data", Data, "--urls", $"http://127.0.0.1:{port}")).RefusedWith($"{port}", "--urls");
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_named_with_the_way_out()
    {
        var file = Path.Combine(folder, "a-file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        (await Seed(Path.Combine(file, "county"), "--truth", Path.Combine(folder, "truth"))).RefusedWith(file, "--data");
        (await Seed(Data, "--truth", Path.Combine(file, "truth"))).RefusedWith(file, "--truth");
        (await Seed(Data)).Succeeded();
    }

    [Fact]
    public async Task A_folder_of_a_newer_version_is_left_alone()
    {
        (await Seed(Data)).Succeeded();
        Version(999);
        (await Seed(Data)).RefusedWith("999", "newer program");
        Version(2);
        Assert.Contains("stands here already", (await Seed(Data)).Said, StringComparison.Ordinal);

        void Version(int number)
        {
            using var connection = new SqliteConnection($"Data Source={Path.Combine(Data, "record.db")};Pooling=False");
            connection.Open();
            using var set = connection.CreateCommand();
            set.CommandText = $"PRAGMA user_version = {number}";
            set.ExecuteNonQuery();
        }
    }

    [Fact]
    public async Task A_second_program_on_the_same_folder_is_refused()
    {
        (await Seed(Data)).Succeeded();
        await using var claim = new FileStream(Path.Combine(Data, "record.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        (await Program.RunAsync("export", "--data", Data, "--to", Path.Combine(folder, "out"))).RefusedWith("in use");
    }

    [Fact]
    public async Task PostgreSQL_that_is_absent_or_wrongly_named_is_told_without_the_password()
    {
        var keys = Path.Combine(folder, "keys");
        await RefusedAsync($"Host={folder};Database=x;Username=u;Password=secret", "does not answer", "--postgres");
        await RefusedAsync("Host=127.0.0.1;Port=1;Database=x;Username=u;Password=secret", "127.0.0.1, port 1", "start it");
        await RefusedAsync("Hots=127.0.0.1;Password=secret", "connection string is wrong", "Host=localhost");
        await RefusedAsync("this is none", "connection string is wrong");
        await RefusedAsync((await PostgresCluster.OfThisProcess).ConnectionString("nowhere"), "nowhere", "createdb");

        async Task RefusedAsync(string connection, params string[] words)
        {
            var ended = await Program.RunAsync("seed", "--residents", "100", "--postgres", connection, "--data", keys);
            ended.RefusedWith(words);
            Assert.DoesNotContain("secret", ended.Complained, StringComparison.Ordinal);
        }
    }

    private static Task<Ended> Seed(string data, params string[] more) => SeedOf(100, data, more);

    private static Task<Ended> SeedOf(int residents, string data, params string[] more) => Program.RunAsync(["seed", "--residents", $"{residents}", "--data", data, .. more]);
}

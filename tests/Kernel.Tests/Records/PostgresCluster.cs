using System.Diagnostics;
using Npgsql;

namespace Tongxin.Kernel.Tests.Records;

/// <summary>A private PostgreSQL for the tests of this process: own data folder, own socket, fsync on; a database for each test.</summary>
/// <remarks>It ends with the process, also when the process is killed: a watchdog holds the other end of a pipe. Not for anything but tests.</remarks>
internal sealed class PostgresCluster : IAsyncDisposable
{
    private const string Settings = """
        listen_addresses = ''
        max_connections = 200
        shared_buffers = 256MB
        max_wal_size = 2GB
        checkpoint_timeout = 15min
        fsync = on
        synchronous_commit = on
        full_page_writes = on
        logging_collector = off
        log_min_messages = warning

        """;

    private static readonly Lazy<Task<PostgresCluster>> ofThisProcess = new(() => StartAsync());
    private static readonly string Superuser = "postgres";
    private readonly Process? watchdog;
    private int databases;

    private PostgresCluster(string root, string data, Process? watchdog) => (Root, Data, this.watchdog) = (root, data, watchdog);

    /// <summary>The one cluster that the tests of this process share.</summary>
    public static Task<PostgresCluster> OfThisProcess => ofThisProcess.Value;

    public string Root { get; }

    /// <summary>The data folder; its <c>postmaster.pid</c> names the process to kill.</summary>
    public string Data { get; }

    public string Socket => Path.Combine(Root, "s");

    /// <summary>Makes and starts a cluster; <paramref name="dataFolder"/> puts its files on another (faulty) disk.</summary>
    public static async Task<PostgresCluster> StartAsync(string? dataFolder = null, string extraSettings = "")
    {
        var root = Directory.CreateTempSubdirectory("tongxin-pg-").FullName;
        var cluster = new PostgresCluster(root, dataFolder ?? Path.Combine(root, "data"), Watch(root, dataFolder ?? Path.Combine(root, "data")));
        Directory.CreateDirectory(cluster.Socket);
        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", "-R", Superuser, root);
            Run("chmod", "755", root);
        }
        RunAsPostgres(Binary("initdb"), "-D", cluster.Data, "-U", Superuser, "-A", "trust", "-k", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
        await File.AppendAllTextAsync(Path.Combine(cluster.Data, "postgresql.conf"), Settings + extraSettings);
        cluster.Start();
        return cluster;
    }

    /// <summary>Starts the server again after it was stopped or killed, and waits until it answers.</summary>
    /// <param name="environment">Variables of the server, as <c>NAME=value</c>.</param>
    public void Start(params string[] environment) => RunAsPostgres(
        "env", [.. environment, Binary("pg_ctl"), "-D", Data, "-w", "-t", "60", "-l", Path.Combine(Root, "log"), "-o", $"-k {Socket}", "start"]);

    /// <summary>What a service supervisor does.</summary>
    public void StartIfStopped()
    {
        if (!File.Exists(Path.Combine(Data, "postmaster.pid"))) Start();
    }

    public void Stop(string mode = "fast") => RunAsPostgres(Binary("pg_ctl"), "-D", Data, "-w", "-m", mode, "stop");

    /// <summary>Process id of the postmaster.</summary>
    public int ProcessId => int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), System.Globalization.CultureInfo.InvariantCulture);

    public string ConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder { Host = Socket, Username = Superuser, Database = database }.ConnectionString;

    /// <summary>A fresh, empty database; the connection string to it.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"t{Interlocked.Increment(ref databases)}_{Environment.ProcessId}";
        await using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await create.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    public ValueTask DisposeAsync()
    {
        // The watchdog stops the server and removes the folder when its pipe closes.
        watchdog?.StandardInput.Close();
        watchdog?.WaitForExit(10_000);
        watchdog?.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Full path of one of PostgreSQL's programs; a sentence that says what to install when there is none.</summary>
    public static string Binary(string name)
    {
        var versions = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [];
        return versions.OrderByDescending(v => double.TryParse(Path.GetFileName(v), out var number) ? number : 0)
            .Select(v => Path.Combine(v, "bin", name)).Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(p => Path.Combine(p, name)))
            .FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException($"PostgreSQL's {name} was not found. Install it: apt-get install postgresql");
    }

    // PostgreSQL refuses to run as root, so a privileged test process drops to the user that the package made.
    public static void RunAsPostgres(string program, params string[] arguments)
    {
        if (Environment.IsPrivilegedProcess)
            Run("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", program, .. arguments]);
        else
            Run(program, arguments);
    }

    public static void Run(string program, params string[] arguments)
    {
        // No pipes: pg_ctl leaves the server holding whatever it was given, and a reader would wait for ever.
        var log = Path.GetTempFileName();
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >\"$LOG\" 2>&1 </dev/null", program, .. arguments])
        {
            WorkingDirectory = "/",
            Environment = { ["LOG"] = log },
        })!;
        process.WaitForExit();
        var said = File.ReadAllText(log);
        File.Delete(log);
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed ({process.ExitCode}): {said}");
    }

    private static Process? Watch(string root, string data)
    {
        var drop = Environment.IsPrivilegedProcess ? "setpriv --reuid=postgres --regid=postgres --clear-groups " : "";
        var script = $"cat >/dev/null; {drop}{Binary("pg_ctl")} -D {data} -m immediate stop; rm -rf {root}";
        return Process.Start(new ProcessStartInfo("setsid", ["/bin/sh", "-c", $"({script}) >/dev/null 2>&1"])
        {
            WorkingDirectory = "/",
            RedirectStandardInput = true,
        });
    }
}

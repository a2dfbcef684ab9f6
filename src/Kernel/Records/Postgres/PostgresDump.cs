using System.Diagnostics;
using Npgsql;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>A PostgreSQL database into one file and back, by PostgreSQL's own pg_dump and pg_restore, which every version of the server knows to read.</summary>
internal static class PostgresDump
{
    private const string DebianFolder = "/usr/lib/postgresql";

    /// <summary>A consistent copy of one moment while others read and write.</summary>
    /// <exception cref="IOException">pg_dump is missing or refused; its own words follow.</exception>
    public static Task WriteAsync(string connection, string file, CancellationToken cancel) =>
        RunAsync(connection, "pg_dump", ["--format=custom", "--compress=1", "--no-owner", "--no-privileges", $"--file={file}"], cancel);

    /// <summary>Into an empty database, all or nothing.</summary>
    /// <exception cref="InvalidOperationException">The database is not empty.</exception>
    /// <exception cref="IOException">pg_restore is missing or refused; its own words follow.</exception>
    public static async Task RestoreAsync(string connection, string file, CancellationToken cancel)
    {
        await using (var source = NpgsqlDataSource.Create(connection))
        {
            await using var command = source.CreateCommand("SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace");
            if (await command.ExecuteScalarAsync(cancel) is not 0L)
                throw new InvalidOperationException("The database is not empty: a backup is restored into a new one (createdb).");
        }

        var database = new NpgsqlConnectionStringBuilder(connection).Database!;
        await RunAsync(connection, "pg_restore", ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", $"--dbname={database}", file], cancel);
    }

    private static async Task RunAsync(string connection, string program, string[] arguments, CancellationToken cancel)
    {
        var to = new NpgsqlConnectionStringBuilder(connection);
        var start = new ProcessStartInfo(Find(program), arguments) { RedirectStandardError = true };
        // By environment, so that the password does not stand in the list of processes.
        foreach (var (name, value) in new[] { ("PGHOST", to.Host), ("PGPORT", $"{to.Port}"), ("PGUSER", to.Username), ("PGPASSWORD", to.Password), ("PGDATABASE", to.Database) })
            if (!string.IsNullOrEmpty(value)) start.Environment[name] = value;
        using var process = Process.Start(start) ?? throw new IOException($"{program} did not start.");
        try
        {
            var said = await process.StandardError.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            if (process.ExitCode is not 0) throw new IOException($"{program} refused: {said.Trim()}");
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    private static string Find(string program)
    {
        var newest = Directory.Exists(DebianFolder)
            ? Directory.EnumerateDirectories(DebianFolder).Select(d => Path.Combine(d, "bin", program)).Where(File.Exists).Order(StringComparer.Ordinal).LastOrDefault()
            : null;
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(d => Path.Combine(d, program)).FirstOrDefault(File.Exists);
        return newest ?? onPath ?? throw new IOException($"{program} is not installed: apt-get install postgresql-client");
    }
}

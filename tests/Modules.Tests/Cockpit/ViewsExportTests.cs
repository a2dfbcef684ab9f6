using DuckDB.NET.Data;

namespace Tongxin.Modules.Tests.Cockpit;

/// <summary><c>tongxin views export</c>: the flat views of a whole record as Parquet, by county and month, read back by another connection.</summary>
public sealed class ViewsExportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-export-").FullName;

    [Fact]
    public async Task Every_row_is_in_the_files_under_its_county_and_month_and_a_full_folder_is_left_alone()
    {
        var (data, target) = (Path.Combine(folder, "county"), Path.Combine(folder, "out"));
        (await Demo.Program.RunAsync("seed", "--residents", "100", "--data", data)).Succeeded();
        var ended = await Demo.Program.RunAsync("views", "export", "--out", target, "--data", data);
        ended.Succeeded();
        Assert.False(Directory.Exists(target + ".part"));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(target));

        using var other = new DuckDBConnection("Data Source=:memory:");
        other.Open();
        foreach (var view in new[] { "patient", "observation", "visit", "episode", "organization" })
        {
            var told = long.Parse(ended.Said.Split('\n').First(l => l.StartsWith(view + " ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
                System.Globalization.NumberStyles.AllowThousands, System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(told > 0);
            Assert.Equal(told, Ask(other, $"SELECT count(*) FROM read_parquet('{target}/{view}/*/*/*.parquet', hive_partitioning = true)"));
        }

        Assert.Equal(0L, Ask(other, $"SELECT count(*) FROM read_parquet('{target}/observation/*/*/*.parquet', hive_partitioning = true) WHERE month <> strftime(date, '%Y-%m')"));
        Assert.Equal(0L, Ask(other, $"SELECT count(*) FROM read_parquet('{target}/patient/*/*/*.parquet', hive_partitioning = true) WHERE county <> 'qinghe'"));
        Assert.True(Directory.GetDirectories(Path.Combine(target, "visit", "county=qinghe")).Length > 12);
        (await Demo.Program.RunAsync("views", "export", "--out", target, "--data", data)).RefusedWith("not empty", "--out");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static long Ask(DuckDBConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }
}

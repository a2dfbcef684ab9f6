using DuckDB.NET.Data;

namespace Tongxin.Kernel.Measures;

/// <summary>Writes the flat views as Parquet, for other engines: one folder for each view, cut by county and month (<c>county=…/month=…</c>).</summary>
/// <remarks>
/// Names every person and holds every compartment: whoever may run the command may read the record. The month is that in which a thing happened or was
/// planned, by the county's clock; <c>0000-00</c> for what has no day. The county is that of the house that cares for the person now.
/// </remarks>
public sealed class ViewsExport
{
    /// <summary>Stands for what belongs to no county, or to no day.</summary>
    public const string NoCounty = "none", NoMonth = "0000-00";

    // The day of a row: the first of these that the view has and that is known.
    private static readonly string[] Days = ["date", "start_on", "authored_on", "onset_on", "recorded_on", "due_from"];

    private readonly Follower follower;
    private readonly ColumnStore columns;

    internal ViewsExport(Follower follower, ColumnStore columns) => (this.follower, this.columns) = (follower, columns);

    /// <summary>Brings the views up to the record, counts no indicator, and writes all of them or nothing. Answers the rows of each view.</summary>
    /// <param name="folder">Must not be there yet, or be empty.</param>
    public async Task<IReadOnlyDictionary<string, long>> WriteAsync(string folder, CancellationToken cancel)
    {
        await follower.PrepareAsync(cancel);
        await follower.CatchUpAsync(cancel);
        var rows = new Dictionary<string, long>(StringComparer.Ordinal);
        // Under another name until it is whole: a run that was stopped must not look like a small record.
        var part = folder.TrimEnd(Path.DirectorySeparatorChar) + ".part";
        if (Directory.Exists(part)) Directory.Delete(part, recursive: true);
        CreateForOwner(part);
        await columns.WriteAsync(connection =>
        {
            foreach (var view in follower.Views) rows[view.Name] = Write(connection, view, Path.Combine(part, view.Name));
        }, cancel);
        if (Directory.Exists(folder)) Directory.Delete(folder);
        Directory.Move(part, folder);
        return rows;
    }

    private static void CreateForOwner(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static long Write(DuckDBConnection connection, FlatView view, string folder)
    {
        var days = Days.Where(view.Columns.Contains).Select(d => $"v.{d}").ToList();
        var month = days.Count is 0 ? $"'{NoMonth}'" : $"coalesce(strftime(coalesce({string.Join(", ", days)}), '%Y-%m'), '{NoMonth}')";
        var house = view.IsOfPeople ? "p.organisation" : view.Columns.Contains("organisation") ? "v.organisation" : "v.id";
        var to = folder.Replace("'", "''", StringComparison.Ordinal);
        ColumnStore.Run(connection, $"""
            COPY (
                SELECT v.*, coalesce(c.county, '{NoCounty}') AS county, {month} AS month
                FROM main."{view.Name}" v {(view.IsOfPeople ? "LEFT JOIN patient p ON p.person = v.person" : "")}
                LEFT JOIN (SELECT a.organisation, min(o.id) AS county FROM above a JOIN organisation o ON o.id = a.ancestor WHERE o.kind = 'county' GROUP BY ALL) c
                    ON c.organisation = {house}
            ) TO '{to}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (county, month))
            """);
        return ColumnStore.Read(connection, $"SELECT count(*) FROM main.\"{view.Name}\"", r => r.GetInt64(0))[0];
    }
}

using System.Globalization;
using DuckDB.NET.Data;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Measures;

/// <summary>What an answer holds: heads and rows as text, cut at a limit.</summary>
/// <param name="IsCut">True when there were more rows than are given.</param>
public sealed record AnalystAnswer(IReadOnlyList<string> Heads, IReadOnlyList<IReadOnlyList<string?>> Rows, bool IsCut);

/// <summary>Answers SQL of analysts within what their role and place may see: read-only, limited in time and rows, on record.</summary>
/// <remarks>
/// Tables about people are for roles that read the people of their own place; who sees pseudonyms asks the numbers only, who sees counts is refused, because
/// free questions about small groups give people away whatever is hidden in each answer. Sensitive programmes are left out altogether: of readings there
/// are pressure, glucose, body measures; of memberships those of indicators whose names the role may read.
/// </remarks>
public sealed class Analyst(ColumnStore store, IndicatorCatalogue catalogue, Board board, RecordAccess records) : IDisposable
{
    public const int MostRows = 1_000;
    private const int LongestCell = 200, MostAtOnce = 2, LongestNote = 400;

    /// <summary>Longest that one question may run.</summary>
    public static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim turns = new(MostAtOnce, MostAtOnce);

    /// <summary>Names of the tables a caller may ask, with their columns; empty for who may ask nothing.</summary>
    public IReadOnlyDictionary<string, string> Tables(Caller caller) => Views(caller) is { } views
        ? views.ToDictionary(v => v.Name, v => v.Columns, StringComparer.Ordinal)
        : new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Throws <see cref="RefusedException"/>: 404 for who may not ask, 422 for what may not be asked, does not work or takes too long, 429 when busy.</summary>
    public async Task<AnalystAnswer> AskAsync(Caller caller, string text, DateOnly asOf, CancellationToken cancel)
    {
        if (Views(caller) is not { } views) throw RefusedException.Because(404, "not-found", "没有可以问的表。");
        var query = AnalystQuery.Parse(text, views.Select(v => v.Name).ToHashSet(StringComparer.OrdinalIgnoreCase), Taken());
        if (!await turns.WaitAsync(TimeSpan.Zero, cancel)) throw RefusedException.Because(429, "throttled", "别人的查询正在运行，请稍后再试。");
        try
        {
            var answer = await Task.Run(() => Run(views, query, asOf, cancel), cancel);
            await records.NoteFiguresAsync(caller, "analyse", text.Length > LongestNote ? text[..LongestNote] : text, People(answer), cancel);
            return answer;
        }
        finally
        {
            turns.Release();
        }
    }

    public void Dispose() => turns.Dispose();

    private AnalystAnswer Run(IReadOnlyList<AnalystView> views, AnalystQuery query, DateOnly asOf, CancellationToken cancel)
    {
        using var connection = store.Open();
        ColumnStore.Run(connection, $"CREATE TEMP MACRO as_of() AS {ColumnStore.Literal(asOf)}; CREATE TEMP MACRO year_start() AS {ColumnStore.Literal(new(asOf.Year, 1, 1))}");
        foreach (var view in views) ColumnStore.Run(connection, $"CREATE TEMP VIEW {view.Name} AS {view.Sql}");
        ColumnStore.Run(connection, "BEGIN TRANSACTION READ ONLY");
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT * FROM ({query.Sql}) LIMIT {MostRows + 1}";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(LongestRun);
        using var stop = limit.Token.Register(command.Cancel);
        try
        {
            using var reader = command.ExecuteReader();
            return Read(reader);
        }
        catch (Exception broken) when (broken is DuckDBException or OperationCanceledException)
        {
            cancel.ThrowIfCancellationRequested();
            throw limit.IsCancellationRequested
                ? RefusedException.Because(422, "too-costly", $"查询超过 {LongestRun.TotalSeconds:0} 秒，已停止。请缩小范围。")
                : RefusedException.Because(422, "processing", broken.Message.Split('\n')[0]);
        }
    }

    private static AnalystAnswer Read(DuckDBDataReader reader)
    {
        var heads = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToList();
        var rows = new List<IReadOnlyList<string?>>();
        while (rows.Count < MostRows && reader.Read()) rows.Add([.. Enumerable.Range(0, heads.Count).Select(i => Cell(reader.GetValue(i)))]);
        return new(heads, rows, rows.Count >= MostRows && reader.Read());
    }

    private static string? Cell(object value)
    {
        var text = value switch
        {
            DBNull => null,
            DateTime { TimeOfDay.Ticks: 0 } day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString(),
        };
        return text is { Length: > LongestCell } ? text[..LongestCell] + "…" : text;
    }

    // Who stands in an answer under her own id is on record as looked at.
    private static HashSet<string> People(AnalystAnswer answer)
    {
        var column = answer.Heads.ToList().IndexOf("person");
        return column < 0 ? [] : answer.Rows.Select(r => r[column]).OfType<string>().Where(ResourceKey.IsLegalId).ToHashSet(StringComparer.Ordinal);
    }

    private IReadOnlyList<AnalystView>? Views(Caller caller) =>
        board.Home(caller.Organisation) is { } home ? AnalystView.For(caller, catalogue, home, store.Name) : null;

    private HashSet<string> Taken() => store.Read("SELECT view_name FROM duckdb_views() UNION SELECT table_name FROM duckdb_tables()", r => r.GetString(0))
        .ToHashSet(StringComparer.OrdinalIgnoreCase);
}

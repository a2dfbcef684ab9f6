using System.Collections.Frozen;
using System.Text.Json;
using System.Text.RegularExpressions;
using DuckDB.NET.Data;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Measures;

/// <summary>A question that an analyst wrote, read by the engine's own parser and found harmless: one SELECT over the tables and functions that are allowed.</summary>
/// <remarks>
/// What is not on the lists is refused: other tables, files (<c>FROM 'x.csv'</c>), table functions, everything that is no SELECT. What runs is the text that
/// the parser gives back for the checked tree, so that nothing can be read in two ways.
/// </remarks>
public sealed partial record AnalystQuery
{
    public const int LongestText = 2_000;

    private static readonly FrozenSet<string> Nodes = Set("""
        SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE CTE_NODE BASE_TABLE JOIN SUBQUERY TABLE_FUNCTION EMPTY EXPRESSION_LIST LIMIT_MODIFIER
        LIMIT_PERCENT_MODIFIER ORDER_MODIFIER DISTINCT_MODIFIER ORDER_DEFAULT ASCENDING DESCENDING DECIMAL_TYPE_INFO LIST_TYPE_INFO
        """);

    private static readonly FrozenSet<string> Expressions = Set("""
        BETWEEN CASE CAST COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION OPERATOR STAR SUBQUERY WINDOW
        """);

    private static readonly FrozenSet<string> TableFunctions = Set("range generate_series unnest");

    private static readonly FrozenSet<string> Functions = Set("""
        + - * / // % ** ^ || ~~ !~~ ~~* !~~* abs ceil ceiling floor round sign sqrt ln log log2 log10 exp power pow greatest least coalesce nullif ifnull
        count count_star sum avg min max mean median mode stddev stddev_samp stddev_pop var_samp var_pop variance corr quantile quantile_cont quantile_disc
        arg_min arg_max any_value first last bool_and bool_or approx_count_distinct covar_samp covar_pop regr_slope regr_intercept regr_r2 skewness
        row_number rank dense_rank rank_dense percent_rank cume_dist ntile lag lead first_value last_value nth_value
        date_part date_trunc date_diff datediff date_add date_sub age year month day quarter week dayofweek dayofmonth dayofyear last_day make_date
        strftime today current_date to_days to_months to_years to_weeks trunc
        lower upper length substring substr left right trim ltrim rtrim contains starts_with ends_with suffix prefix concat like_escape strip_accents
        as_of year_start isfinite isnan range generate_series unnest
        """);

    private AnalystQuery(string sql) => Sql = sql;

    /// <summary>The checked question as the parser writes it.</summary>
    public string Sql { get; }

    /// <summary>Throws <see cref="RefusedException"/> (422) that says what is not allowed.</summary>
    /// <param name="tables">Names that may stand after FROM.</param>
    /// <param name="taken">Names that stand for something in the store: a named subquery may not take one.</param>
    public static AnalystQuery Parse(string text, IReadOnlySet<string> tables, IReadOnlySet<string> taken)
    {
        if (string.IsNullOrWhiteSpace(text)) throw Refuse("required", "请写一句 SELECT。");
        if (text.Length > LongestText) throw Refuse("too-long", $"查询不能超过 {LongestText} 个字符。");
        // A parser of its own, without a file and without a way out.
        using var parser = new DuckDBConnection("Data Source=:memory:");
        parser.Open();
        ColumnStore.Run(parser, "SET enable_external_access = false; SET lock_configuration = true");
        var tree = ColumnStore.Read(parser, "SELECT json_serialize_sql($s::VARCHAR)::VARCHAR", r => r.GetString(0), ("s", text))[0];
        using var json = JsonDocument.Parse(tree);
        if (json.RootElement.GetProperty("error").GetBoolean()) throw Refuse("structure", json.RootElement.GetProperty("error_message").GetString() ?? "写法不对。");
        if (json.RootElement.GetProperty("statements").GetArrayLength() is not 1) throw Refuse("structure", "一次只能问一句 SELECT。");
        var named = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        Name(json.RootElement, named, tables, taken);
        Check(json.RootElement, named, tables);
        return new(ColumnStore.Read(parser, "SELECT json_deserialize_sql($s::JSON)", r => r.GetString(0), ("s", tree))[0]);
    }

    // WITH x AS …: x may be asked like a table, so it must not be the name of one, nor of a file.
    private static void Name(JsonElement at, HashSet<string> named, IReadOnlySet<string> tables, IReadOnlySet<string> taken)
    {
        foreach (var child in Children(at)) Name(child, named, tables, taken);
        if (at.ValueKind is not JsonValueKind.Object || !at.TryGetProperty("cte_map", out var map)) return;
        foreach (var key in map.GetProperty("map").EnumerateArray().Select(e => e.GetProperty("key").GetString() ?? ""))
        {
            if (!PlainName.IsMatch(key) || tables.Contains(key) || taken.Contains(key)) throw Refuse("value", $"WITH 的名字 {key} 不能用，请换一个。");
            named.Add(key);
        }
    }

    private static void Check(JsonElement at, HashSet<string> named, IReadOnlySet<string> tables)
    {
        foreach (var child in Children(at)) Check(child, named, tables);
        if (at.ValueKind is not JsonValueKind.Object) return;
        if (Text(at, "class") is { } kind)
        {
            if (!Expressions.Contains(kind)) throw Refuse("not-supported", $"不支持 {kind}。");
        }
        else if (Text(at, "type") is { } node && !Nodes.Contains(node))
        {
            throw Refuse("not-supported", $"不支持 {node}。");
        }

        if (Text(at, "type") is "BASE_TABLE") Table(at, named, tables);
        if (Text(at, "function_name") is { } function) Function(at, function);
        if (Text(at, "type") is "TABLE_FUNCTION" && !TableFunctions.Contains(Text(at.GetProperty("function"), "function_name") ?? ""))
            throw Refuse("not-found", "FROM 后面不能用这个函数。");
    }

    private static void Table(JsonElement table, HashSet<string> named, IReadOnlySet<string> tables)
    {
        var name = Text(table, "table_name") ?? "";
        if (Text(table, "schema_name") is { Length: > 0 } || Text(table, "catalog_name") is { Length: > 0 } || !(tables.Contains(name) || named.Contains(name)))
            throw Refuse("not-found", $"没有表 {name}；可以问的是 {string.Join('、', tables.Order(StringComparer.Ordinal))}。");
    }

    private static void Function(JsonElement call, string name)
    {
        if (!Functions.Contains(name) || Text(call, "catalog") is { Length: > 0 } || Text(call, "schema") is not (null or "" or "main"))
            throw Refuse("not-found", $"没有函数 {name}，或不允许使用。");
    }

    private static IEnumerable<JsonElement> Children(JsonElement at) => at.ValueKind switch
    {
        JsonValueKind.Object => at.EnumerateObject().Select(p => p.Value),
        JsonValueKind.Array => at.EnumerateArray(),
        _ => [],
    };

    private static string? Text(JsonElement at, string name) =>
        at.ValueKind is JsonValueKind.Object && at.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    private static FrozenSet<string> Set(string names) =>
        names.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static RefusedException Refuse(string code, string why) => RefusedException.Because(422, code, why);

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]{0,62}$", RegexOptions.None, matchTimeoutMilliseconds: 2000)]
    private static partial Regex PlainName { get; }
}

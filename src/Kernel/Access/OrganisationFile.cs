using System.Globalization;
using CsvHelper;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>Organisations from a CSV file with their validity periods: all of them or, with a sentence for each wrong line, none.</summary>
/// <remarks>
/// Columns (English or 中文): id 编号, name 名称, kind 类型, parent 上级, division 行政区划代码, from 启用日期, until 停用日期. A place that closed keeps its line with
/// its last day: the past of its people stays where it was.
/// </remarks>
public static class OrganisationFile
{
    public const int MostRows = 4_000;
    private const int LongestName = 200;

    private static readonly Dictionary<string, string> Kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["市"] = "city", ["县"] = "county", ["卫生健康局"] = "commission", ["县级医院"] = "hospital", ["医院"] = "hospital", ["疾控中心"] = "disease-control",
        ["乡镇卫生院"] = "township", ["村卫生室"] = "village",
        ["city"] = "city", ["county"] = "county", ["commission"] = "commission", ["hospital"] = "hospital", ["disease-control"] = "disease-control",
        ["township"] = "township", ["village"] = "village",
    };

    /// <summary>Codes of the kinds and their Chinese names.</summary>
    public static IEnumerable<(string Code, string Name)> AllKinds => Kinds.Where(k => k.Key != k.Value && k.Key is not "医院").Select(k => (k.Value, k.Key));

    /// <summary>Reads a file. Throws <see cref="RefusedException"/> (422) with an issue for each wrong line, its number in the expression.</summary>
    public static IReadOnlyList<Organisation> Read(TextReader text, Organisations standing)
    {
        using var csv = CsvReader.Create(text, new CsvReaderOptions { HasHeader = true, TrimWhitespace = true, TrackLineNumbers = true });
        csv.ReadHeader();
        var columns = csv.Headers.ToArray().Select(h => h.Trim('\uFEFF', ' ')).ToArray();
        var (rows, issues) = (new List<Organisation>(), new List<Issue>());
        foreach (var (english, chinese) in new[] { ("id", "编号"), ("name", "名称"), ("kind", "类型") })
            if (Column(columns, english, chinese) < 0)
                throw RefusedException.Because(422, "required", $"The file has no column '{english}' ({chinese}).");
        while (csv.Read())
        {
            if (rows.Count >= MostRows) throw RefusedException.Because(422, "too-long", $"A file has at most {MostRows} organisations; split it, the upper ones first.");
            if (Row(csv, columns, issues) is { } row) rows.Add(row);
        }

        CheckTree(rows, standing, issues);
        return issues.Count is 0 ? rows : throw new RefusedException(422, issues);
    }

    /// <summary>What is wrong with one place by itself or in the tree; empty when nothing is.</summary>
    public static IReadOnlyList<Issue> Check(Organisation place, Organisations standing)
    {
        var issues = new List<Issue>();
        CheckTree([place], standing, issues);
        return issues;
    }

    /// <summary>Writes them, as one commit, by whoever may keep places.</summary>
    public static async Task WriteAsync(RecordAccess records, Caller caller, IReadOnlyList<Organisation> places, CancellationToken cancel)
    {
        var changes = new List<Change>();
        foreach (var place in places)
        {
            var standing = await records.ReadAsync(caller, new("Organization", place.Id), cancel);
            changes.AddRange(OrganisationBody.Changes(place, standing is { IsDeleted: false } ? standing.Body : null));
        }

        if (changes.Count > 0) await records.CommitAsync(caller, changes, new(Reason: "organisations"), cancel);
    }

    private static Organisation? Row(CsvReader csv, string[] columns, List<Issue> issues)
    {
        var line = csv.LineNumber;
        var (from, until) = (Day("from", "启用日期"), Day("until", "停用日期"));
        var kind = Field("kind", "类型");
        if (kind is null || !Kinds.TryGetValue(kind, out var code)) return Wrong($"'{kind}' is no kind of organisation: {string.Join(", ", Kinds.Keys)}.");
        if (Field("id", "编号") is not { } id) return Wrong("The id is missing.");
        if (Field("name", "名称") is not { } name) return Wrong("The name is missing.");
        return new(id, name, code, Field("parent", "上级"), Field("division", "行政区划代码"), true, from, until);

        string? Field(string english, string chinese) =>
            Column(columns, english, chinese) is >= 0 and var at && at < csv.FieldCount && csv.GetString(at).Trim() is { Length: > 0 } text ? text : null;

        DateOnly? Day(string english, string chinese)
        {
            if (Field(english, chinese) is not { } text) return null;
            if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) return day;
            Wrong($"'{text}' is not a date of the form 2020-01-31.");
            return null;
        }

        Organisation? Wrong(string sentence)
        {
            issues.Add(new(IssueSeverity.Error, "value", sentence, $"line {line}"));
            return null;
        }
    }

    private static int Column(string[] columns, string english, string chinese) =>
        Array.FindIndex(columns, c => c.Equals(english, StringComparison.OrdinalIgnoreCase) || c == chinese);

    private static void CheckTree(IReadOnlyList<Organisation> rows, Organisations standing, List<Issue> issues)
    {
        var parents = standing.All.ToDictionary(o => o.Id, o => o.Parent, StringComparer.Ordinal);
        foreach (var row in rows) parents[row.Id] = row.Parent;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            if (!ResourceKey.IsLegalId(row.Id)) Wrong(row, "An id is 1 to 64 letters, digits, '-' and '.'.");
            else if (!seen.Add(row.Id)) Wrong(row, "stands twice in the file.");
            if (row.Name.Length is 0 or > LongestName) Wrong(row, $"A name has 1 to {LongestName} characters.");
            if (row is { From: { } from, Until: { } until } && until < from) Wrong(row, "ends before it begins.");
            if (row.Division is { } division && (division.Length is < 6 or > 12 || !division.All(char.IsAsciiDigit)))
                Wrong(row, "A division code (GB/T 2260) has 6 to 12 digits.");
            if (row.Parent is not null && !parents.ContainsKey(row.Parent)) Wrong(row, $"'{row.Parent}' above it is not known.");
            if (IsLoop(row.Id, parents)) Wrong(row, "is above itself.");
        }

        void Wrong(Organisation row, string sentence) => issues.Add(new(IssueSeverity.Error, "value", $"{row.Id}: {sentence}", "Organization"));
    }

    private static bool IsLoop(string id, Dictionary<string, string?> parents)
    {
        var (at, steps) = (id, 0);
        while (parents.TryGetValue(at, out var above) && above is not null && ++steps <= parents.Count) at = above;
        return steps > parents.Count;
    }
}

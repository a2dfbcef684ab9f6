using System.Globalization;
using System.Text.Json;
using Tongxin.Fhir.Views;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Fhir.Tests.Views;

/// <summary>The official cases of SQL on FHIR v2. What fails stands in docs/clarifications.md with a reason, and nothing else may.</summary>
public sealed class SqlOnFhirTests(ITestOutputHelper output)
{
    [Fact]
    public void The_official_cases_pass_but_for_the_clarified_ones()
    {
        using var folder = Archive.Extract("fhir-conformance/sql-on-fhir-v2_tests.tar.xz");
        var (passed, failed) = (0, new SortedDictionary<string, string>(StringComparer.Ordinal));
        foreach (var file in Directory.EnumerateFiles(folder.Path, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            using var suite = JsonDocument.Parse(File.ReadAllText(file));
            if (!suite.RootElement.TryGetProperty("tests", out var tests)) continue;
            var resources = suite.RootElement.GetProperty("resources").EnumerateArray().ToList();
            foreach (var test in tests.EnumerateArray())
                if (Judge(test, resources) is { } why) failed[$"{Path.GetFileNameWithoutExtension(file)}: {test.GetProperty("title").GetString()}"] = why;
                else passed++;
        }

        output.WriteLine($"{passed + failed.Count} cases, {passed} passed");
        foreach (var (name, why) in failed) output.WriteLine($"  {name} → {why}");
        Assert.Equal(134, passed + failed.Count);
        Assert.Equal(Clarifications.Names("SQL on FHIR").Order(StringComparer.Ordinal), failed.Keys);
    }

    private static string? Judge(JsonElement test, List<JsonElement> resources)
    {
        var mustFail = test.TryGetProperty("expectError", out var wrong) && wrong.GetBoolean();
        try
        {
            var view = ViewDefinition.Parse(test.GetProperty("view"));
            var rows = resources.SelectMany(r => view.Rows(r, FirelyModel.R4)).Select(r => Line(view.Columns, r)).ToList();
            if (mustFail) return "was to be refused";
            if (test.TryGetProperty("expectColumns", out var columns) && !columns.EnumerateArray().Select(c => c.GetString()).SequenceEqual(view.Columns.Select(c => c.Name)))
                return $"columns {string.Join(",", view.Columns.Select(c => c.Name))}";
            if (!test.TryGetProperty("expect", out var expect)) return null;
            var wanted = expect.EnumerateArray().Select(e => Line(view.Columns, e)).Order(StringComparer.Ordinal).ToList();
            rows.Sort(StringComparer.Ordinal);
            return wanted.SequenceEqual(rows) ? null : $"{string.Join(" ; ", rows)} NOT {string.Join(" ; ", wanted)}";
        }
        catch (RefusedException refused)
        {
            return mustFail ? null : refused.Message;
        }
    }

    private static string Line(IReadOnlyList<ViewColumn> columns, object?[] row) => string.Join('|', columns.Select((c, i) =>
        $"{c.Name}={Text(row[i])}").Order(StringComparer.Ordinal));

    private static string Line(IReadOnlyList<ViewColumn> columns, JsonElement row) =>
        string.Join('|', columns.Select(c => $"{c.Name}={(row.TryGetProperty(c.Name, out var v) ? Text(v) : "")}").Order(StringComparer.Ordinal));

    private static string Text(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        System.Collections.IList list => $"[{string.Join(",", list.Cast<object?>().Select(Text))}]",
        decimal number => number.ToString("0.############", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array => $"[{string.Join(",", value.EnumerateArray().Select(Text))}]",
        JsonValueKind.Number => value.GetDecimal().ToString("0.############", CultureInfo.InvariantCulture),
        _ => value.GetRawText(),
    };
}

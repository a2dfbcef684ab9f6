using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.HospitalPerformance;

/// <summary>A figure as somebody entered it.</summary>
/// <param name="Version">1 when it was entered once; each correction is another version, and the earlier ones stay in the history.</param>
public sealed record EnteredFigure(string Item, string County, DateOnly End, decimal Value, string Source, string By, DateTimeOffset At, long Version);

/// <summary>Figures of the consortium that no record holds: entered by the commission or a hospital's manager with their source, and kept as MeasureReports.</summary>
/// <remarks>Never mixed with what is counted: another identifier, another page column, and no indicator reads them.</remarks>
public sealed class EnteredFigures(RecordAccess records, Board board, TimeProvider clock, IReadOnlyList<EnteredSet> sets)
{
    public const int LongestSource = 200;
    private const int ReportsPerPage = 500;
    private const string System = "https://tongxin.health/cs/entered-figure";
    private static readonly string Sourced = ProgrammeCodes.Canonical("StructureDefinition", "figure-source");
    private static readonly string Entered = ProgrammeCodes.Canonical("StructureDefinition", "figure-entered-by");
    private static readonly Caller Hand = Caller.System("entered-figures");

    /// <summary>The set that is asked for now; null when none is defined.</summary>
    public EnteredSet? Current => sets.Count > 0 ? sets[^1] : null;

    /// <summary>The county whose figures the caller sees; null when she belongs to none, or to several.</summary>
    public string? County(Caller caller) => board.Home(caller.Organisation) is { } home && board.Counties(home) is [var county] ? county : null;

    /// <summary>Whether the caller may enter: who leads the county or its hospital.</summary>
    public bool MayEnter(Caller caller) =>
        caller is { Scopes: null, Role: Role.CountyCommission or Role.HospitalManager } && County(caller) is { } county && board.Home(caller.Organisation) == county;

    /// <summary>The last days of the quarters that figures are entered for, newest first.</summary>
    public static IReadOnlyList<DateOnly> Quarters(DateOnly today)
    {
        const int shown = 8;
        var first = new DateOnly(today.Year, (today.Month - 1) / 3 * 3 + 1, 1);
        return [.. Enumerable.Range(0, shown).Select(q => first.AddMonths(-3 * q).AddDays(-1))];
    }

    /// <summary>Throws <see cref="RefusedException"/>: 404 who may not, 422 a value that cannot be, or without its source; 412 when another entered in between.</summary>
    public async Task EnterAsync(Caller caller, string id, DateOnly end, decimal value, string source, CancellationToken cancel)
    {
        if (!MayEnter(caller) || County(caller) is not { } county || Current?.Items.FirstOrDefault(i => i.Id == id) is not { } item)
            throw RefusedException.Because(404, "not-found", "没有这一项。");
        if (!Quarters(LocalTime.Today(clock)).Contains(end)) throw RefusedException.Because(422, "period", "没有这个报告期。");
        if (!item.Takes(value)) throw RefusedException.Because(422, "value", $"{item.Title} 的值不对。");
        if (string.IsNullOrWhiteSpace(source) || source.Length > LongestSource) throw RefusedException.Because(422, "source", "请写明数据来源。");
        var key = new ResourceKey("MeasureReport", IdOf(county, end, id));
        var stands = await records.ReadAsync(Hand, key, cancel);
        var body = Body(new(id, county, end, value, source.Trim(), caller.Name, clock.GetUtcNow(), 1), Current.Edition, key.Id);
        await records.CommitAsync(Hand, [JsonWriting.Put(body, stands?.Version, isNew: stands is null)], new(Reason: $"{caller.Name} 录入 {item.Title} {end:yyyy-MM-dd}"), cancel);
    }

    /// <summary>Everything entered for a county, newest period first.</summary>
    public async Task<IReadOnlyList<EnteredFigure>> AllAsync(string county, CancellationToken cancel)
    {
        var (found, cursor) = (new List<EnteredFigure>(), (string?)null);
        var query = $"identifier={Uri.EscapeDataString(System)}|&reporter=Organization/{county}&_count={ReportsPerPage}";
        do
        {
            var page = await records.SearchAsync(Hand, "MeasureReport", cursor is null ? query : $"{query}&_cursor={Uri.EscapeDataString(cursor)}", cancel);
            found.AddRange(page.Matches.Select(Read));
            cursor = page.Next;
        }
        while (cursor is not null);
        return [.. found.OrderByDescending(f => f.End)];
    }

    private static JsonObject Body(EnteredFigure figure, string edition, string id) => new()
    {
        ["resourceType"] = "MeasureReport", ["id"] = id,
        ["extension"] = new JsonArray(Said(Sourced, figure.Source), Said(Entered, figure.By)),
        ["identifier"] = new JsonArray(new JsonObject { ["system"] = System, ["value"] = $"{figure.County}/{JsonWriting.Day(figure.End)}/{figure.Item}" }),
        ["status"] = "complete", ["type"] = "summary", ["measure"] = $"{ProgrammeCodes.Canonical("Measure", figure.Item)}|{edition}",
        ["date"] = ResourceBody.Instant(figure.At), ["reporter"] = JsonWriting.Reference($"Organization/{figure.County}"),
        ["period"] = MeasureBody.Period(new(figure.End.Year, 1, 1), figure.End),
        ["group"] = new JsonArray(new JsonObject { ["measureScore"] = new JsonObject { ["value"] = figure.Value } }),
    };

    private static EnteredFigure Read(Stored stored)
    {
        var body = JsonReading.Parse(stored);
        var name = body.GetProperty("identifier")[0].GetProperty("value").GetString()!.Split('/');
        string said(string url) => body.GetProperty("extension").EnumerateArray().First(e => e.Text("url") == url).Text("valueString")!;
        return new(name[2], name[0], DateOnly.ParseExact(name[1], "yyyy-MM-dd", CultureInfo.InvariantCulture),
            body.GetProperty("group")[0].GetProperty("measureScore").GetProperty("value").GetDecimal(), said(Sourced), said(Entered),
            body.GetProperty("date").GetDateTimeOffset(), stored.Version);
    }

    private static JsonObject Said(string url, string value) => new() { ["url"] = url, ["valueString"] = value };

    private static string IdOf(string county, DateOnly end, string item)
    {
        const int digits = 16;
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{county} {item}")))[..digits];
        return $"entered-{end.ToString("yyyyMMdd", CultureInfo.InvariantCulture)}-{digest}";
    }
}

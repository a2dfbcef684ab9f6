using System.Globalization;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>One item of a site's month.</summary>
public sealed record StatementLine(string Item, int Count, decimal Amount);

/// <summary>购买式服务：what one site gave in one month, at the contracts' prices, and what of it is to be paid.</summary>
/// <param name="Quality">Share of the checked services that the residents confirmed; null when none was checked, which is not the same as none was given.</param>
public sealed record Statement(string Site, IReadOnlyList<StatementLine> Lines, decimal Gross, int Checked, int Passed, double? Quality, IReadOnlyList<Fulfilment> Sample)
{
    /// <summary>Items × price × checked quality, to the fen; null until something was checked.</summary>
    public decimal? Payable => Quality is { } quality ? Math.Round(Gross * (decimal)quality, 2, MidpointRounding.ToEven) : null;
}

/// <summary>Makes the statements of a month by site, and draws whom to call back.</summary>
/// <remarks>
/// The sample is a twentieth of a site's services, at least five, drawn by a hash of month and service: nobody chooses it, and it is the same whoever looks.
/// A service that failed its check takes the quality of its site down with it.
/// </remarks>
public static class Statements
{
    public const int LeastSample = 5;
    public const int SampleOneIn = 20;
    private const int MostServices = 200_000;

    /// <summary>Pure: one statement for each site, by the site's id.</summary>
    public static IReadOnlyList<Statement> Of(IEnumerable<Fulfilment> month) =>
        [.. month.GroupBy(f => f.Site, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => Of(g.Key, [.. g]))];

    /// <summary>What was given in a month to the people whom the caller cares for.</summary>
    public static async Task<IReadOnlyList<Fulfilment>> GivenAsync(RecordAccess records, Caller caller, DateOnly month, CancellationToken cancel)
    {
        var first = new DateOnly(month.Year, month.Month, 1);
        var given = new List<Fulfilment>();
        var query = $"occurrence=ge{JsonWriting.Day(first)}&occurrence=lt{JsonWriting.Day(first.AddMonths(1))}&_count=500";
        await foreach (var stored in ContractReading.PagesAsync(records, caller, "ChargeItem", query, MostServices, cancel))
            if (FulfilmentBody.Read(JsonReading.Parse(stored)) is { } one) given.Add(one);
        return given;
    }

    private static Statement Of(string site, IReadOnlyList<Fulfilment> given)
    {
        var lines = given.GroupBy(f => f.Item, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new StatementLine(g.Key, g.Count(), g.Sum(f => f.Price))).ToList();
        var sample = given.OrderBy(Draw, StringComparer.Ordinal).Take(Math.Max(LeastSample, given.Count / SampleOneIn)).ToList();
        var (done, passed) = (given.Count(f => f.Check is not QualityCheck.None), given.Count(f => f.Check is QualityCheck.Passed));
        return new(site, lines, lines.Sum(l => l.Amount), done, passed, done is 0 ? null : (double)passed / done, sample);
    }

    private static string Draw(Fulfilment f) => StableId.Of("sample", f.Day.ToString("yyyy-MM", CultureInfo.InvariantCulture), f.Id);
}

using Tongxin.Kernel.Measures;

namespace Tongxin.Kernel.Tests.Measures;

public sealed class OutlookTests : IDisposable
{
    private static readonly DateOnly Today = new(2026, 11, 23);
    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-outlook-").FullName;
    private readonly ColumnStore store;
    private readonly Board board;

    internal static readonly Indicator Indicator = new()
    {
        Id = "i", Title = "率", TitleInEnglish = "Rate", Module = "Test", Norm = "n", Edition = "1", Denominator = "d", Numerator = "n",
        Reasons = new Dictionary<string, string>(), Sql = "SELECT 1",
    };

    public OutlookTests()
    {
        store = new(Path.Combine(folder, "views.duckdb"));
        store.WriteAsync(c => ColumnStore.Run(c, """
            INSERT INTO organisation VALUES ('county', NULL, '县', 'county', 'c'), ('t1', 'county', '甲镇', 'township', 'c'), ('t2', 'county', '乙镇', 'township', 'c'),
                ('t3', 'county', '丙镇', 'township', 'c'), ('v1', 't1', '甲村', 'village', 'c'), ('v2', 't1', '乙村', 'village', 'c');
            INSERT INTO above VALUES ('county','county'),('t1','t1'),('t2','t2'),('t3','t3'),('v1','v1'),('v2','v2'),
                ('county','t1'),('county','t2'),('county','t3'),('county','v1'),('county','v2'),('t1','v1'),('t1','v2');
            INSERT INTO membership SELECT 'i', DATE '2026-11-23', 'p' || n, CASE WHEN n < 2 THEN 'v1' WHEN n < 40 THEN 'v2' WHEN n < 100 THEN 't2' ELSE 't3' END,
                false, n % 2 = 0, CASE WHEN n % 2 = 0 THEN 'yes' ELSE 'no' END, 'Observation/' || n FROM range(300) t(n);
            INSERT INTO cell SELECT indicator, as_of, organisation, count(*), count(*) FILTER (numerator), 0 FROM membership GROUP BY ALL;
            """), default).Wait();
        board = new(store);
    }

    [Fact]
    public void Who_sees_counts_gets_no_list_and_no_small_village()
    {
        var outlook = With(Detail.Counts, "county");

        Assert.Empty(outlook.People("county", Today, null, null, 0, 50));
        Assert.Equal(300, outlook.At("county", Today).Cell!.Denominator);
        Assert.All(outlook.Below("t1", Today), s => Assert.True(s is { IsHidden: true, Cell: null }));
        Assert.True(outlook.At("v1", Today).IsHidden);
        Assert.Empty(outlook.Reasons("t1", Today));
        Assert.Equal(2, outlook.Reasons("county", Today).Count);
    }

    [Fact]
    public void A_pseudonym_tells_neither_person_nor_village_and_finds_back()
    {
        var outlook = With(Detail.Pseudonyms, "county");
        var list = outlook.People("county", Today, false, null, 0, 200);

        Assert.Equal(150, list.Count);
        Assert.All(list, m => Assert.True(m is { Person: null, Place: "county", Evidence: "Observation" }));
        Assert.Equal(150, list.Select(m => m.Alias).Distinct().Count());
        Assert.Equal(list[7].Reason, outlook.Find("county", Today, list[7].Alias)!.Value.Seen.Reason);
        Assert.Null(outlook.Find("t1", Today, "0000000000"));
    }

    [Fact]
    public void Nobody_looks_outside_his_own_place()
    {
        var outlook = With(Detail.Names, "t1");

        Assert.Equal("t1", outlook.Within("t2"));
        Assert.Equal("t1", outlook.Within("county"));
        Assert.Equal("v2", outlook.Within("v2"));
        Assert.Equal(40, outlook.People(outlook.Within("county"), Today, null, null, 0, 200).Count);
    }

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private Outlook With(Detail detail, string home) => new(board, Indicator, home, detail, store.SecretOfPseudonyms());
}

namespace Tongxin.Host.Demo;

/// <summary>A county that is on no map: its towns, villages and the sites that care for them.</summary>
/// <remarks>Division code 990126 lies in a range that GB/T 2260 has given to nobody.</remarks>
internal sealed class Places
{
    public const string Division = "990126";
    public const string CityId = "heyuan";
    public const string CountyId = "qinghe";
    public const string HospitalId = "qinghe-hospital";
    public const string CommissionId = "qinghe-commission";
    public const string DiseaseControlId = "qinghe-cdc";
    public const int TownCount = 13;
    private const int Columns = 4;
    private const int ResidentsPerVillage = 200;
    private const int MostVillages = 230;
    private const double West = 118.2, South = 26.1, CellDegrees = 0.11;

    private static readonly string[] TownNames =
        ["城关镇", "青溪镇", "石桥镇", "云岭镇", "白沙镇", "枫林镇", "大湖镇", "龙泉镇", "新安镇", "竹源乡", "南坪镇", "梅林镇", "水口镇"];

    /// <summary>The township that was merged into the last town: closed, its villages and their people stay.</summary>
    public const string MergedId = "t14";
    public const string MergedName = "双坪乡";
    private const int MergedVillages = 2;
    private const int MonthsSinceMove = 20, MonthsSinceMerger = 11;

    // The last village of the one came from the other.
    private static readonly (int To, int From)[] Moves = [(4, 5), (9, 10)];

    private const string VillageFirst = "上下东西前后大小新老高长双清金红石白";
    private const string VillageSecond = "塘坪洋坑湾岭桥井田垄山溪园厝头墩";

    private Places(IReadOnlyList<Town> towns, DateOnly today) =>
        (Towns, MovedOn, MergedOn) = (towns, FirstOf(today.AddMonths(-MonthsSinceMove)), FirstOf(today.AddMonths(-MonthsSinceMerger)));

    /// <summary>The day two villages came to another town.</summary>
    public DateOnly MovedOn { get; }

    /// <summary>The day a township was merged into another.</summary>
    public DateOnly MergedOn { get; }

    public IReadOnlyList<Town> Towns { get; }

    public IEnumerable<Village> Villages => Towns.SelectMany(t => t.Villages);

    public static Places Draw(ulong seed, int residents, DateOnly today)
    {
        var chance = Chance.For(seed, "places");
        var villages = Math.Clamp(residents / ResidentsPerVillage, TownCount, MostVillages);
        var corners = Corners(chance);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var towns = new List<Town>();
        for (var t = 0; t < TownCount; t++)
        {
            var count = villages / TownCount + (t < villages % TownCount ? 1 : 0);
            var id = $"t{t + 1:00}";
            var area = Boundary(corners, t);
            var cells = Cells.Of(area, count, Chance.For(seed, $"cells {id}"));
            var list = Enumerable.Range(1, count)
                .Select(v => new Village($"{id}v{v:00}", VillageName(chance, taken), $"{Division}{t + 1:000}{100 + v:000}", id) 
                {
                    Boundary = cells[v - 1], Former = FormerOf(t + 1, v, count),
                }).ToList();
            towns.Add(new(id, TownNames[t], $"{Division}{t + 1:000}", area, list));
        }

        return new(towns, today);
    }

    private static FormerTown? FormerOf(int town, int village, int count)
    {
        if (town is TownCount && village > count - MergedVillages) return new(MergedId, MergedName, $"{Division}{TownCount + 1:000}{100 + village:000}");
        return village == count && Moves.FirstOrDefault(m => m.To == town) is { From: > 0 and var from }
            ? new($"t{from:00}", TownNames[from - 1], $"{Division}{from:000}{150 + village:000}") : null;
    }

    private static DateOnly FirstOf(DateOnly day) => new(day.Year, day.Month, 1);

    private static string VillageName(Chance chance, HashSet<string> taken)
    {
        while (true)
        {
            var name = $"{VillageFirst[chance.Between(0, VillageFirst.Length - 1)]}{VillageSecond[chance.Between(0, VillageSecond.Length - 1)]}村";
            if (taken.Add(name)) return name;
        }
    }

    // A grid whose inner corners are moved a little: neighbours share their border to the digit, and nothing looks like a chessboard.
    private static (double X, double Y)[,] Corners(Chance chance)
    {
        var corners = new (double, double)[Columns + 1, Columns + 1];
        for (var i = 0; i <= Columns; i++)
            for (var j = 0; j <= Columns; j++)
                corners[i, j] = (Math.Round(West + CellDegrees * (i + chance.Around(0, 0.16)), 4), Math.Round(South + CellDegrees * (j + chance.Around(0, 0.16)), 4));
        return corners;
    }

    private static IReadOnlyList<(double X, double Y)> Boundary((double X, double Y)[,] corners, int town)
    {
        var (i, j) = (town % Columns, town / Columns);
        return [corners[i, j], corners[i + 1, j], corners[i + 1, j + 1], corners[i, j + 1], corners[i, j]];
    }
}

/// <summary>A town and its health centre; the boundary is a closed ring of longitude and latitude.</summary>
internal sealed record Town(string Id, string Name, string Code, IReadOnlyList<(double X, double Y)> Boundary, IReadOnlyList<Village> Villages)
{
    public string CentreName => Name.EndsWith('乡') ? $"{Name}卫生院" : $"{Name}中心卫生院";
}

/// <summary>A village and its clinic; the code has 12 digits (county, town, village).</summary>
internal sealed record Village(string Id, string Name, string Code, string TownId)
{
    /// <summary>A closed ring of longitude and latitude within the town's.</summary>
    public required IReadOnlyList<(double X, double Y)> Boundary { get; init; }

    /// <summary>Where it belonged before it came to its town; null for most, which always did.</summary>
    public FormerTown? Former { get; init; }

    public string ClinicName => $"{Name}卫生室";
}

/// <summary>The township a village belonged to once, and the code it had there: both live on in numbers and addresses that nobody changed.</summary>
internal sealed record FormerTown(string TownId, string TownName, string VillageCode);

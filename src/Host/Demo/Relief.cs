using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Host.Demo;

/// <summary>Which households of the demo county are of poverty relief (脱贫户、监测户), and by which list.</summary>
internal static class Relief
{
    private const double Share = 0.05;

    /// <summary>Null for most.</summary>
    public static ReliefMark? Of(ulong seed, string household, DateOnly today)
    {
        var chance = Chance.For(seed, $"relief {household}");
        if (!chance.Happens(Share)) return null;
        var kind = chance.Pick<string>([("lifted", 70), ("unstable", 12), ("marginal", 12), ("sudden-hardship", 6)]);
        var from = new DateOnly(today.Year - chance.Between(1, 3), 1, 1);
        return new(kind, from, kind is "lifted" ? null : today.AddDays(chance.Between(60, 500)), $"青禾县 {from.Year} 年防返贫监测名单");
    }
}

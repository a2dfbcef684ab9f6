namespace Tongxin.Modules.HospitalPerformance;

/// <summary>How a rate becomes a share of the points: straight lines between the given corners, flat before the first and after the last.</summary>
/// <remarks>Rates and shares are 0–1. A curve that falls is for what should be rare.</remarks>
public sealed record Curve(IReadOnlyList<(double Rate, double Share)> Corners)
{
    public double At(double rate)
    {
        if (rate <= Corners[0].Rate) return Corners[0].Share;
        for (var i = 1; i < Corners.Count; i++)
        {
            var (a, b) = (Corners[i - 1], Corners[i]);
            if (rate <= b.Rate) return a.Share + (b.Share - a.Share) * (rate - a.Rate) / (b.Rate - a.Rate);
        }

        return Corners[^1].Share;
    }

    /// <summary>The worst rate that still brings all the points.</summary>
    public double Full
    {
        get
        {
            var best = Corners.Max(c => c.Share);
            return IsRising ? Corners.First(c => c.Share >= best).Rate : Corners.Last(c => c.Share >= best).Rate;
        }
    }

    public bool IsRising => Corners[^1].Share >= Corners[0].Share;
}

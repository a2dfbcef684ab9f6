namespace Tongxin.Modules.HospitalPerformance;

/// <summary>A score card (评分表): which indicators count how much for which kind of house, in which time. Data, not code; an edition is never changed.</summary>
/// <param name="Level">Kind of organisation that is scored: <c>township</c> or <c>village</c>.</param>
/// <param name="To">Last day on which it holds; null when open.</param>
/// <param name="Citation">Who set it, and where it is written.</param>
public sealed record ScoreCard(
    string Id, string Title, string TitleInEnglish, string Level, string Edition, DateOnly From, DateOnly? To, string Citation, IReadOnlyList<ScoreSection> Sections)
{
    public IEnumerable<ScoreItem> Items => Sections.SelectMany(s => s.Items);

    public double Points => Items.Sum(i => i.Points);

    public bool HoldsOn(DateOnly day) => From <= day && (To is null || day <= To);
}

/// <summary>A part of a card under one heading.</summary>
public sealed record ScoreSection(string Title, string TitleInEnglish, IReadOnlyList<ScoreItem> Items);

/// <summary>One line of a card: points for an indicator by a curve.</summary>
/// <param name="Indicator">Id of an indicator of the catalogue, or <see cref="Satisfaction"/>.</param>
public sealed record ScoreItem(string Indicator, double Points, Curve Curve)
{
    /// <summary>The mean of the satisfaction survey as a share of 100.</summary>
    public const string Satisfaction = "satisfaction";
}

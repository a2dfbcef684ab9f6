namespace Tongxin.Kernel.People.Matching;

/// <summary>How much each step of agreement says about two records of a county, for scoring one person against the record before anything can be learnt.</summary>
/// <remarks>
/// Natural logarithms of m/u. The orders of size come from what expectation maximisation finds on made Chinese rolls; they are data, not truth:
/// a bulk match learns its own. A name alone never reaches a link (handbook of the client registry: never merge on a name).
/// </remarks>
internal static class StandardWeights
{
    /// <summary>Odds before anything was compared, that a candidate pair is one person.</summary>
    public const double PriorLogOdds = -9;

    // Columns: different, alike, near, same.
    public static double Of(Attribute attribute, byte step) => step is Comparison.Missing ? 0 : (attribute, step) switch
    {
        (Attribute.Identifier, _) => Pick(step, -5, 2, 7, 15),
        (Attribute.BirthDate, _) => Pick(step, -4, 0.5, 3, 8),
        (Attribute.Name, _) => Pick(step, -4, 0.5, 4, 7),
        (Attribute.Given, _) => Pick(step, -4, 0.5, 3, 5),
        (Attribute.Family, _) => Pick(step, -3, 0, 1, 2.5),
        (Attribute.Phone, _) => Pick(step, -0.7, 1, 3, 5),
        (Attribute.Sex, _) => step is Comparison.Same ? 0.7 : -4,
        (Attribute.Street, _) => Pick(step, -0.5, 0.5, 1.5, 3),
        (Attribute.Locality, _) => Pick(step, -1, 0.5, 1.5, 2.5),
        (Attribute.State, _) => Pick(step, -1, 0, 0, 0.2),
        (Attribute.PostalCode, _) => Pick(step, -1, 0, 0.3, 1),
        _ => throw new ArgumentOutOfRangeException(nameof(attribute)),
    };

    private static double Pick(byte step, double different, double alike, double near, double same) => step switch
    {
        Comparison.Different => different,
        Comparison.Alike => alike,
        Comparison.Near => near,
        _ => same,
    };
}

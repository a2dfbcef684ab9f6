using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Engines;

/// <summary>FHIR's prefixes on half-open intervals (FHIR R4 §3.1.1.4.5): what the resource has, [low, high), against what was asked, [from, to).</summary>
internal static class Intervals
{
    public static string Compare(Prefix prefix, string low, string high, string from, string to) => prefix switch
    {
        Prefix.Eq => $"({low} >= {from} AND {low} < {to} AND {high} <= {to})",
        Prefix.Ne => $"NOT ({low} >= {from} AND {high} <= {to})",
        Prefix.Gt => $"{high} > {to}",
        Prefix.Lt => $"{low} < {from}",
        Prefix.Ge => $"({high} > {from} AND ({high} > {to} OR {low} >= {from}))",
        Prefix.Le => $"({low} < {to} AND ({low} < {from} OR {high} <= {to}))",
        Prefix.Sa => $"{low} >= {to}",
        Prefix.Eb => $"{high} <= {from}",
        Prefix.Ap => $"({low} < {to} AND {high} > {from})",
        _ => throw new NotSupportedException($"{prefix} has no SQL."),
    };

    /// <summary>The same for numbers, which the parser gives as the point itself, [v, v+ε), for all prefixes but eq, ne and ap.</summary>
    public static string CompareNumber(Prefix prefix, string low, string high, string from, string to) => prefix switch
    {
        Prefix.Ge => $"{high} > {from}",
        Prefix.Le => $"{low} < {to}",
        _ => Compare(prefix, low, high, from, to),
    };

    /// <summary>The end of a time as whole milliseconds, not before it.</summary>
    public static long Milliseconds(DateTimeOffset end) => end.ToUnixTimeMilliseconds() + (end.Ticks % TimeSpan.TicksPerMillisecond is 0 ? 0 : 1);
}

namespace Tongxin.Fhir.Tests.FhirPath;

/// <summary>Expressions made at random from the grammar, mostly well-formed and mostly senseless.</summary>
internal sealed class RandomExpressions(Random random)
{
    private const int Deepest = 5;

    private static readonly string[] names =
        ["name", "family", "given", "birthDate", "active", "telecom", "value", "rank", "extension", "contact", "Patient", "multipleBirth", "gender", "id", "url",
        "nothing"];

    private static readonly string[] literals =
    [
        "1", "0", "-1", "2147483647", "9223372036854775807", "79228162514264337593543950335", "0.000000000000000000000000001", "3.14", "'a'", "''", "'张三'",
        "'\\u0000'", "true", "false", "{}",
        "@2020-02-29", "@2020", "@2020-02-29T23:59:59.999+14:00", "@T12:00", "4 'kg'", "0 'mg'", "1 year", "1000000000 months", "5 'nonsense'", "%resource",
        "%ucum", "$this", "$index", "$total",
        "'2020-01-01'", "'(a+)+$'", "'[', 'x'", "@9999-12-31", "@0001-01-01",
    ];

    private static readonly string[] without =
    [
        "empty", "not", "exists", "count", "distinct", "isDistinct", "first", "last", "tail", "single", "children", "descendants", "toInteger", "toDecimal",
        "toString", "toBoolean",
        "toDate", "toDateTime", "toTime", "toQuantity", "convertsToInteger", "convertsToDate", "upper", "lower", "trim", "length", "toChars", "abs", "ceiling",
        "floor", "truncate", "round", "sqrt", "exp", "ln", "sum", "min", "max",
        "avg", "allTrue", "anyFalse", "today", "now", "timeOfDay", "lowBoundary", "highBoundary", "precision", "resolve", "hasValue", "getValue", "sort", "type",
        "banana",
    ];

    private static readonly string[] one =
    [
        "where", "select", "repeat", "all", "exists", "ofType", "as", "is", "skip", "take", "indexOf", "substring", "startsWith", "contains", "matches", "split",
        "join", "encode", "decode", "escape", "unescape", "intersect",
        "exclude", "union", "combine", "subsetOf", "supersetOf", "power", "log", "round", "aggregate", "trace", "extension", "memberOf", "comparable", "coalesce",
        "sort", "lowBoundary", "highBoundary", "defineVariable",
    ];

    private static readonly string[] two = ["iif", "replace", "replaceMatches", "substring", "aggregate", "defineVariable", "coalesce"];

    private static readonly string[] operators =
        ["+", "-", "*", "/", "div", "mod", "&", "|", "=", "!=", "~", "!~", "<", ">", "<=", ">=", "and", "or", "xor", "implies", "in", "contains", "is", "as"];

    public string Next()
    {
        var text = Expression(0);
        // Now and then a piece is missing or doubled.
        if (random.Next(20) is 0 && text.Length > 3) text = text.Remove(random.Next(text.Length - 2), 1);
        if (random.Next(40) is 0) text = text.Insert(random.Next(text.Length), text);
        return text;
    }

    private string Expression(int depth) => (depth >= Deepest ? random.Next(2) : random.Next(9)) switch
    {
        0 => Pick(names),
        1 => Pick(literals),
        2 => $"{Expression(depth + 1)}.{Pick(names)}",
        3 => $"{Expression(depth + 1)}.{Pick(without)}()",
        4 => $"{Expression(depth + 1)}.{Pick(one)}({Expression(depth + 1)})",
        5 => $"{Expression(depth + 1)}.{Pick(two)}({Expression(depth + 1)}, {Expression(depth + 1)})",
        6 => $"({Expression(depth + 1)})",
        7 => $"{Expression(depth + 1)}[{Expression(depth + 1)}]",
        _ => Operation(depth),
    };

    private string Operation(int depth)
    {
        var sign = Pick(operators);
        return $"{Expression(depth + 1)} {sign} {(sign is "is" or "as" ? Pick(["Integer", "string", "Patient", "System.String", "FHIR.Quantity",
        "Banana"]) : Expression(depth + 1))}";
    }

    private string Pick(string[] from) => from[random.Next(from.Length)];
}

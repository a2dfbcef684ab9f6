namespace Tongxin.Fhir.FhirPath;

/// <summary>An operator between two sides (§6).</summary>
internal sealed class Operator(string symbol, Node left, Node right) : Node(Above(left, right))
{
    public override List<PathValue> Run(Scope scope, List<PathValue> focus)
    {
        scope.Step();
        var a = left.Run(scope.Defined is null ? scope : scope.Branch(), focus);
        if (symbol is "and" or "or" or "implies" && Decided(symbol, Items.Boolean(a)) is { } early) return Items.Of(early);
        var b = right.Run(scope.Defined is null ? scope : scope.Branch(), focus);
        if (a is [{ Value: string x }]) scope.Pay(x.Length);
        if (b is [{ Value: string y }]) scope.Pay(y.Length);
        scope.Step(Math.Max(a.Count, b.Count) - 1);
        return symbol switch
        {
            "=" => Items.Of(Equality.Equal(a, b)),
            "!=" => Items.Of(!Equality.Equal(a, b)),
            "~" => Items.Of(Equality.Equivalent(a, b)),
            "!~" => Items.Of(!Equality.Equivalent(a, b)),
            "<" => Items.Of(Order(a, b) is { } o ? o < 0 : null),
            ">" => Items.Of(Order(a, b) is { } o ? o > 0 : null),
            "<=" => Items.Of(Order(a, b) is { } o ? o <= 0 : null),
            ">=" => Items.Of(Order(a, b) is { } o ? o >= 0 : null),
            "and" => Items.Of(And(Items.Boolean(a), Items.Boolean(b))),
            "or" => Items.Of(Or(Items.Boolean(a), Items.Boolean(b))),
            "xor" => Items.Of(Items.Boolean(a) is { } p && Items.Boolean(b) is { } q ? p != q : null),
            "implies" => Items.Of(Or(!Items.Boolean(a), Items.Boolean(b))),
            "|" => Collections.Union(a, b, scope),
            "in" => Items.Of(Items.Single(a) is { } item ? Collections.Contains(b, item, scope) : null),
            "contains" => Items.Of(Items.Single(b) is { } item ? Collections.Contains(a, item, scope) : null),
            "&" => Items.Joined(Items.Text(a) ?? "", Items.Text(b) ?? ""),
            _ => Arithmetic.Run(symbol, a, b),
        };
    }

    private static bool? Decided(string symbol, bool? left) => (symbol, left) switch
    {
        ("and", false) => false,
        ("or", true) => true,
        ("implies", false) => true,
        _ => null,
    };

    private static bool? And(bool? a, bool? b) => a is false || b is false ? false : a is null || b is null ? null : true;

    private static bool? Or(bool? a, bool? b) => a is true || b is true ? true : a is null || b is null ? null : false;

    private static int? Order(List<PathValue> a, List<PathValue> b) =>
        Items.Single(a) is { } x && Items.Single(b) is { } y ? Equality.Compare(x, y) : null;
}

/// <summary><c>-x</c> and <c>+x</c>.</summary>
internal sealed class Sign(bool isMinus, Node operand) : Node(Above(operand))
{
    public bool IsMinus => isMinus;

    public Node Operand => operand;

    public override List<PathValue> Run(Scope scope, List<PathValue> focus) => Items.Single(operand.Run(scope, focus)) switch
    {
        null => Items.None,
        { Value: long whole } => whole is long.MinValue ? Items.None : Items.Of(isMinus ? -whole : whole),
        { Value: decimal number } => Items.Of(isMinus ? -number : number),
        { Value: PathQuantity quantity } => Items.Of(isMinus ? quantity with { Value = -quantity.Value } : quantity),
        _ => throw new FhirPathException("A sign stands before something that is no number."),
    };
}

/// <summary><c>x is T</c>, <c>x as T</c>.</summary>
internal sealed class TypeOperator(bool isTest, Node operand, string specifier) : Node(Above(operand))
{
    public override List<PathValue> Run(Scope scope, List<PathValue> focus)
    {
        var items = operand.Run(scope, focus);
        var type = isTest ? specifier : Types.Known(specifier, scope.Context.Model);
        if (isTest) return Items.Single(items) is { } item ? Items.Of(Types.Is(item, type, scope.Context.Model)) : Items.None;
        return items.FindAll(i => Types.Is(i, type, scope.Context.Model));
    }
}

/// <summary>Arithmetic on numbers, text, quantities and times (§6.6, §6.7).</summary>
internal static class Arithmetic
{
    private const decimal Largest = int.MaxValue;

    public static List<PathValue> Run(string symbol, List<PathValue> a, List<PathValue> b)
    {
        if (Items.Single(a) is not { } x || Items.Single(b) is not { } y) return Items.None;
        try
        {
            return (x.Value, y.Value) switch
            {
                (string s, string t) when symbol is "+" => Items.Joined(s, t),
                (PathTime time, _) when symbol is "+" or "-" && Duration(y) is { } d => Items.Of(Move(time, symbol is "-" ? d with { Value = -d.Value } : d)),
                (long m, long n) => Whole(symbol, m, n),
                _ when Items.Number(x.Value) is { } m && Items.Number(y.Value) is { } n => Fraction(symbol, m, n),
                _ when Items.Quantity(x) is { } p && Items.Quantity(y) is { } q => Quantities(symbol, p, q),
                _ => throw new FhirPathException($"{x.Type} {symbol} {y.Type} is not defined."),
            };
        }
        catch (OverflowException)
        {
            return Items.None;
        }
    }

    private static List<PathValue> Whole(string symbol, long m, long n) => symbol switch
    {
        "+" => Bounded(checked(m + n)),
        "-" => Bounded(checked(m - n)),
        "*" => Bounded(checked(m * n)),
        "/" => n is 0 ? Items.None : Items.Of((decimal)m / n),
        "div" => n is 0 ? Items.None : Items.Of(m / n),
        _ => n is 0 ? Items.None : Items.Of(m % n),
    };

    private static List<PathValue> Bounded(long whole) => Math.Abs(whole) > Largest && Math.Abs((decimal)whole) > long.MaxValue / 2 ? Items.None : Items.Of(whole);

    private static List<PathValue> Fraction(string symbol, decimal m, decimal n) => symbol switch
    {
        "+" => Items.Of(m + n),
        "-" => Items.Of(m - n),
        "*" => Items.Of(m * n),
        "/" => n is 0 ? Items.None : Items.Of(m / n),
        "div" => n is 0 ? Items.None : Items.Of((long)Math.Truncate(m / n)),
        _ => n is 0 ? Items.None : Items.Of(m % n),
    };

    private static List<PathValue> Quantities(string symbol, PathQuantity p, PathQuantity q)
    {
        if (symbol is "*") return Items.Of(Units.Combine(p, q, divide: false));
        if (symbol is "/") return Items.Of(Units.Combine(p, q, divide: true));
        if (symbol is not ("+" or "-")) throw new FhirPathException($"{symbol} is not defined for quantities.");
        var sign = symbol is "-" ? -1 : 1;
        if (p.Unit == q.Unit) return Items.Of(p with { Value = p.Value + sign * q.Value });
        if (Units.Canonical(p) is not { } x || Units.Canonical(q) is not { } y || x.Dimension != y.Dimension || p.Value is 0) return Items.None;
        return Items.Of(p with { Value = (x.Value + sign * y.Value) * p.Value / x.Value });
    }

    // The month and year of UCUM are no calendar durations and move no date (§6.7.1).
    private static PathQuantity? Duration(PathValue item) => Items.Quantity(item, fromNumbers: false) switch
    {
        { IsCalendar: true } calendar => calendar,
        { Unit: "s" } seconds => new(Math.Truncate(seconds.Value), "second"),
        { Unit: "ms" } milliseconds => milliseconds with { Unit = "millisecond" },
        { Unit: "min" } minutes => minutes with { Unit = "minute" },
        { Unit: "h" } hours => hours with { Unit = "hour" },
        { Unit: "d" } days => days with { Unit = "day" },
        { Unit: "wk" } weeks => weeks with { Unit = "week" },
        { Unit: "mo" or "a" } ucum => throw new FhirPathException($"'{ucum.Unit}' is no calendar duration."),
        null when Items.Number(item.Value) is not null => throw new FhirPathException("A date moves by a duration such as 2 days."),
        _ => null,
    };

    private static PathTime? Move(PathTime time, PathQuantity duration)
    {
        var (amount, unit) = (duration.Value, duration.Unit);

        // A shorter unit than the time is precise counts as whole ones of its own precision.
        if (time.Kind is not PathTimeKind.Time && time.Precision < 4 && unit is ("hour" or "minute" or "second"))
            (amount, unit) = (Math.Truncate(amount / (unit switch { "hour" => 24m, "minute" => 1440m, _ => 86400m })), "day");
        if (time.Precision is 1 && unit is "month") (amount, unit) = (Math.Truncate(amount / 12), "year");
        if (time.Precision is 1 && unit is ("day" or "week")) (amount, unit) = (Math.Truncate(amount * (unit is "week" ? 7 : 1) / 365), "year");
        if (time.Precision is 2 && unit is ("day" or "week")) (amount, unit) = (Math.Truncate(amount * (unit is "week" ? 7 : 1) / 30), "month");
        return time.Add(amount, unit);
    }
}

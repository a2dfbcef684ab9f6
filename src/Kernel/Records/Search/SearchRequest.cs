namespace Tongxin.Kernel.Records.Search;

/// <summary>A search after parsing: every name is known, every value has its type. The engines turn it into SQL.</summary>
public sealed record SearchRequest
{
    public required string Type { get; init; }

    /// <summary>All must hold.</summary>
    public IReadOnlyList<Criterion> Criteria { get; init; } = [];

    /// <summary>Empty: newest resource first, by the time-ordered key.</summary>
    public IReadOnlyList<SortKey> Sort { get; init; } = [];

    public int Count { get; init; } = DefaultCount;
    public TotalMode Total { get; init; } = TotalMode.None;
    public SummaryMode Summary { get; init; } = SummaryMode.False;
    public IReadOnlyList<string> Elements { get; init; } = [];
    public IReadOnlyList<Include> Includes { get; init; } = [];

    /// <summary>Opaque place where the page before ended.</summary>
    public string? Cursor { get; init; }

    /// <summary>Parameters that were not understood and, under <c>Prefer: handling=lenient</c>, left out.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    public const int DefaultCount = 20;
    public const int MostPerPage = 1_000;
    public const int MostIncluded = 2_000;
}

public enum TotalMode { None, Estimate, Accurate }

public enum SummaryMode { False, True, Text, Data, Count }

/// <summary>One key of <c>_sort</c>.</summary>
public sealed record SortKey(SearchParameter Parameter, bool Descending);

/// <summary><c>_include</c> or <c>_revinclude</c>.</summary>
/// <param name="Parameter">Null for <c>*</c>.</param>
public sealed record Include(bool Reverse, bool Iterate, string SourceType, SearchParameter? Parameter, string? TargetType);

/// <summary>One condition of a search; a closed set, so that each engine must answer each kind.</summary>
public abstract record Criterion
{
    private Criterion() { }

    /// <summary>A parameter equals (by modifier and prefix) one of the values.</summary>
    public sealed record Matches(SearchParameter Parameter, Modifier Modifier, IReadOnlyList<SearchValue> Values) : Criterion;

    /// <summary><c>:missing</c>.</summary>
    public sealed record Missing(SearchParameter Parameter, bool IsMissing) : Criterion;

    /// <summary>Forward chain: the parameter points to a resource of the type for which <paramref name="Inner"/> holds. Several possible types: <see cref="AnyOf"/>.</summary>
    public sealed record Chain(SearchParameter Parameter, string TargetType, IReadOnlyList<Criterion> Inner) : Criterion;

    /// <summary>At least one holds (a chain that may lead to several types).</summary>
    public sealed record AnyOf(IReadOnlyList<Criterion> Alternatives) : Criterion;

    /// <summary><c>_has</c>: a resource of <paramref name="SourceType"/> points here by <paramref name="Parameter"/> and <paramref name="Inner"/> holds for it.</summary>
    public sealed record Has(string SourceType, SearchParameter Parameter, IReadOnlyList<Criterion> Inner) : Criterion;

    /// <summary>In the compartment of a resource (FHIR R4 CompartmentDefinition): any of the parameters points to it.</summary>
    public sealed record InCompartment(IReadOnlyList<SearchParameter> Parameters, ResourceKey Owner) : Criterion;

    /// <summary>Logical id is one of these.</summary>
    public sealed record IdIs(IReadOnlyList<string> Ids) : Criterion;

    /// <summary><c>_lastUpdated</c> lies in the interval.</summary>
    public sealed record UpdatedWithin(Prefix Prefix, DateTimeOffset From, DateTimeOffset To) : Criterion;

    /// <summary>Members of a List (<c>_list</c>) or of anything that was resolved to keys before.</summary>
    public sealed record Nothing : Criterion;
}

/// <remarks><c>:in</c>, <c>:not-in</c> and a token's <c>:above</c>, <c>:below</c> never arrive here: the parser asks the terminology and lists the codes.</remarks>
public enum Modifier { None, Exact, Contains, Text, Not, Above, Below, OfType, Identifier }

public enum Prefix { Eq, Ne, Gt, Lt, Ge, Le, Sa, Eb, Ap }

/// <summary>One value of a criterion, typed. Strings and codes are as the caller wrote them; engines fold them the way the index does.</summary>
public abstract record SearchValue
{
    private SearchValue() { }

    /// <summary>System null: any; empty: explicitly none (<c>|code</c>). Code null: any of the system (<c>system|</c>).</summary>
    public sealed record Token(string? System, string? Code) : SearchValue;

    public sealed record Text(string Value) : SearchValue;

    /// <summary>From inclusive, To exclusive: the interval that the written precision covers, in UTC; for ap already widened, so that touching it suffices.</summary>
    public sealed record Date(Prefix Prefix, DateTimeOffset From, DateTimeOffset To) : SearchValue;

    /// <summary>Low inclusive, High exclusive; unit parts null when not asked, Unit is a code or a unit as written.</summary>
    /// <remarks>
    /// eq and ne: the interval of the written precision (FHIR R4 §3.1.1.4.4), ap: ten per cent around, all others: the point itself,
    /// the same [v, v+ε) as in the index, so that ge is "high &gt; Low", gt "high &gt; High", lt "low &lt; Low", le "low &lt; High".
    /// </remarks>
    public sealed record Quantity(Prefix Prefix, decimal Low, decimal High, string? System = null, string? Unit = null) : SearchValue;

    /// <summary>Type null: any type with that id. Url set: an absolute reference.</summary>
    public sealed record Reference(string? Type, string? Id, string? Url = null, string? Version = null) : SearchValue;

    public sealed record Uri(string Value) : SearchValue;

    public sealed record Composite(IReadOnlyList<SearchValue> Parts) : SearchValue;

    /// <summary><c>:of-type</c>: identifier type system, type code and value.</summary>
    public sealed record OfType(string System, string Code, string Value) : SearchValue;
}

using System.Collections.Frozen;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;
using Reach = Tongxin.Kernel.Records.Visibility.Reach;

namespace Tongxin.Kernel.Tests.Records;

/// <summary>A small random county for differential tests of search: made-up index rows on few values, so that everything collides with everything.</summary>
internal sealed class SearchWorld
{
    public const string Loinc = "http://loinc.org";
    public const string Local = "urn:local";
    private static readonly string[] Systems = [Loinc, Local];
    private static readonly string[] Codes = ["a", "b", "c", "d"];
    private static readonly string[] Texts = ["zhang", "zhang san", "Zhao", "Müller", "张三", "张三丰", "李建平", "县凤岗街道", "100%", "a_b"];
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly SearchParameter Gender = Of("Patient", "gender", SearchParameterType.Token);
    public static readonly SearchParameter Identifier = Of("Patient", "identifier", SearchParameterType.Token);
    public static readonly SearchParameter Name = Of("Patient", "name", SearchParameterType.String);
    public static readonly SearchParameter Birthdate = Of("Patient", "birthdate", SearchParameterType.Date, "Patient.birthDate");
    public static readonly SearchParameter Clinic = Of("Patient", "organization", SearchParameterType.Reference);
    public static readonly SearchParameter Code = Of("Observation", "code", SearchParameterType.Token);
    public static readonly SearchParameter Subject = Of("Observation", "subject", SearchParameterType.Reference);
    public static readonly SearchParameter Date = Of("Observation", "date", SearchParameterType.Date, "Observation.effective");
    public static readonly SearchParameter Value = Of("Observation", "value-quantity", SearchParameterType.Quantity);
    public static readonly SearchParameter Source = Of("Observation", "source", SearchParameterType.Uri);
    public static readonly SearchParameter CodeValue = Of("Observation", "code-value-quantity", SearchParameterType.Composite);

    private readonly Random random;

    public SearchWorld(int seed) => random = new(seed);

    /// <summary>What stands now: deleted resources are absent.</summary>
    public Dictionary<ResourceKey, Row> Rows { get; } = [];

    public sealed record Row(ResourceKey Key, IndexEntries Index, string? Person, string? County, SensitivityLabels Labels, IReadOnlyList<Relation> Relations);

    /// <summary>Fills a store and the picture of it, with second versions and deletions among.</summary>
    public async Task FillAsync(IRecordStore store, int patients, int observations, CancellationToken cancel)
    {
        var step = 0;
        foreach (var key in Enumerable.Range(0, patients).Select(i => new ResourceKey("Patient", $"p{i}"))
            .Concat(Enumerable.Range(0, observations).Select(i => new ResourceKey("Observation", $"o{i}"))))
        {
            await PutAsync(store, key, step++, cancel);
            if (random.Next(10) is 0) await PutAsync(store, key, step++, cancel);
            if (random.Next(12) is 0) await DeleteAsync(store, key, step++, cancel);
        }
        foreach (var organisation in new[] { "c1", "c2", "c3" }) await PutAsync(store, new("Organization", organisation), step++, cancel);
    }

    private async Task PutAsync(IRecordStore store, ResourceKey key, int step, CancellationToken cancel)
    {
        var row = key.Type switch { "Patient" => Patient(key), "Observation" => Observation(key), _ => new Row(key, new(), null, null, SensitivityLabels.None, []) };
        var change = new PreparedChange
        {
            Key = key,
            Kind = ChangeKind.Put,
            Body = new(key.Type, default, System.Text.Encoding.UTF8.GetBytes($"\"language\":\"x{step}\"")),
            Index = row.Index,
            Person = row.Person,
            County = row.County,
            Labels = row.Labels,
            Relations = row.Relations,
        };
        await store.CommitAsync(new() { Changes = [change], Visibility = new Visibility.Everything(), At = Start.AddMinutes(step) }, cancel);
        Rows[key] = row;
    }

    private async Task DeleteAsync(IRecordStore store, ResourceKey key, int step, CancellationToken cancel)
    {
        var change = new PreparedChange { Key = key, Kind = ChangeKind.Delete };
        await store.CommitAsync(new() { Changes = [change], Visibility = new Visibility.Everything(), At = Start.AddMinutes(step) }, cancel);
        Rows.Remove(key);
    }

    private Row Patient(ResourceKey key)
    {
        var index = new IndexEntries();
        if (Chance(8)) index.Tokens.Add(new(Gender, Loinc, Pick(Codes), Pick(Texts)));
        for (var n = random.Next(3); n > 0; n--) index.Tokens.Add(new(Identifier, Pick(Systems), Pick(Codes), null, Local, Pick(Codes)));
        for (var n = random.Next(3); n > 0; n--) AddText(index, Name, Pick(Texts));
        if (Chance(8)) index.Dates.Add(Day(Birthdate));
        if (Chance(7)) index.References.Add(new(Clinic, "Organization", Pick("c1", "c2", "c3", "c4")));
        var relations = Chance(6) ? new[] { new Relation(key.Id, Pick("c1", "c2", "c3")) } : [];
        return new(key, index, key.Id, Pick("350425", "321084", null), Pick(SensitivityLabels.None, SensitivityLabels.None, SensitivityLabels.Hiv), relations);
    }

    private Row Observation(ResourceKey key)
    {
        var index = new IndexEntries();
        for (var n = random.Next(1, 3); n > 0; n--) index.Tokens.Add(new(Code, Chance(9) ? Pick(Systems) : null, Pick(Codes), Chance(5) ? Pick(Texts) : null));
        var patient = $"p{random.Next(25)}";
        if (Chance(9)) index.References.Add(new(Subject, "Patient", patient, IdentifierSystem: Local, IdentifierValue: Pick(Codes)));
        else index.References.Add(new(Subject, null, null, $"http://elsewhere/{patient}"));
        if (Chance(9)) index.Dates.Add(Day(Date));
        if (Chance(7)) index.Quantities.Add(Quantity());
        if (Chance(5)) index.Uris.Add(new(Source, Pick("http://x/a", "http://x/a/b", "http://x/c")));
        if (index.Quantities.Count > 0) index.Composites.Add(new(CodeValue, [index.Tokens[0], index.Quantities[0]]));
        var row = Rows.GetValueOrDefault(new("Patient", patient));
        return new(key, index, patient, row?.County, Pick(SensitivityLabels.None, SensitivityLabels.None, SensitivityLabels.MentalHealth), []);
    }

    private static void AddText(IndexEntries index, SearchParameter parameter, string text)
    {
        var folded = Folding.Fold(text);
        index.Strings.Add(new(parameter, text, folded));
        foreach (var tail in Folding.Tails(folded)) index.Strings.Add(new(parameter, text, tail, Original: false));
    }

    private QuantityEntry Quantity()
    {
        var range = decimal.Parse(Pick("1", "1.5", "2", "2.25", "10"), System.Globalization.CultureInfo.InvariantCulture);
        return new(Value, range, range + 0.000000000001m, Pick(null, Loinc), Pick("mg", "g"), Pick("mg", "毫克"));
    }

    private DateEntry Day(SearchParameter parameter)
    {
        var from = Start.AddDays(random.Next(12));
        return random.Next(6) is 0 ? new(parameter, from, DateTimeOffset.MaxValue) : new(parameter, from, from.AddDays(random.Next(1, 4)));
    }

    /// <summary>A random request of one of the two rich types.</summary>
    public SearchRequest Request()
    {
        var type = Pick("Patient", "Observation");
        var criteria = Enumerable.Range(0, random.Next(4)).Select(_ => Criterion(type, 2)).ToList();
        for (var pair = random.Next(5) is 0 ? 2 : 0; pair > 0; pair--)
            criteria.Add(new Criterion.Matches(type is "Patient" ? Birthdate : Date, Modifier.None, [DateValue()]));
        return new() { Type = type, Criteria = criteria, Count = random.Next(1, 12), Total = TotalMode.Accurate, Sort = Sort(type) };
    }

    public Visibility Visibility()
    {
        if (Chance(4)) return new Visibility.Everything();
        var types = new[] { "Patient", "Observation", "Organization" }.Where(_ => Chance(8))
            .ToFrozenDictionary(t => t, t => t is "Organization" ? Reach.Shared : Pick(Reach.Related, Reach.Related, Reach.RelatedOrShared, Reach.Shared, Reach.Any));
        return new Visibility.Scoped
        {
            Types = types,
            Organisations = Some("c1", "c2", "c3").ToFrozenSet(),
            Counties = Some("350425", "321084").ToFrozenSet(),
            People = Some("p1", "p2", "p3", "p99").ToFrozenSet(),
            Labels = Pick(SensitivityLabels.All, SensitivityLabels.None, SensitivityLabels.Hiv),
        };
    }

    private List<SortKey> Sort(string type) => random.Next(3) is 0 ? []
        : type is "Patient" ? [new(Pick(Name, Birthdate, Gender), Chance(5))]
        : [new(Pick(Date, Value, Source), Chance(5)), .. Chance(3) ? [new SortKey(Code, Chance(5))] : Array.Empty<SortKey>()];

    private Criterion Criterion(string type, int depth) => (type, random.Next(depth > 0 ? 10 : 7)) switch
    {
        (_, 0) => new Criterion.IdIs([.. Enumerable.Range(0, 6).Select(_ => $"{(type is "Patient" ? 'p' : 'o')}{random.Next(30)}")]),
        ("Patient", 1) => new Criterion.Missing(Pick(Name, Birthdate, Clinic), Chance(5)),
        ("Patient", 2) => new Criterion.Matches(Name, Pick(Modifier.None, Modifier.Exact, Modifier.Contains), Values(TextValue)),
        ("Patient", 3) => new Criterion.Matches(Birthdate, Modifier.None, Values(DateValue)),
        ("Patient", 4) => new Criterion.Matches(Identifier, Modifier.OfType, Values(() => new SearchValue.OfType(Local, Pick(Codes), Pick(Codes)))),
        ("Patient", 5) => new Criterion.Matches(Clinic, Modifier.None, Values(() => new SearchValue.Reference(Pick("Organization", null), Pick("c1", "c2", "c4")))),
        ("Patient", 6) => new Criterion.Matches(Pick(Gender, Identifier), Pick(Modifier.None, Modifier.Not, Modifier.None), Values(TokenValue)),
        ("Patient", 7) => new Criterion.Chain(Clinic, "Organization", [new Criterion.IdIs([Pick("c1", "c2", "c3")])]),
        ("Patient", _) => new Criterion.Has("Observation", Subject, [Criterion("Observation", depth - 1)]),
        (_, 1) => new Criterion.Missing(Pick(Date, Value, Source, Code), Chance(5)),
        (_, 2) => new Criterion.Matches(Date, Modifier.None, Values(DateValue)),
        (_, 3) => new Criterion.Matches(Value, Modifier.None, Values(QuantityValue)),
        (_, 4) => new Criterion.Matches(Subject, Modifier.None, Values(SubjectValue)),
        (_, 5) => new Criterion.Matches(Source, Pick(Modifier.None, Modifier.Below, Modifier.Above), Values(UriValue)),
        (_, 6) => new Criterion.Matches(Code, Pick(Modifier.None, Modifier.Not, Modifier.None), Values(TokenValue)),
        (_, 7) => new Criterion.Matches(CodeValue, Modifier.None, Values(() => new SearchValue.Composite([TokenValue(), QuantityValue()]))),
        (_, 8) => new Criterion.InCompartment([Subject], new("Patient", $"p{random.Next(25)}")),
        _ => new Criterion.Chain(Subject, "Patient", [Criterion("Patient", depth - 1)]),
    };

    private SearchValue TextValue()
    {
        var text = Pick(Texts);
        return new SearchValue.Text(Chance(5) ? text[..random.Next(1, text.Length)] : text);
    }

    private SearchValue SubjectValue() => Chance(8)
        ? new SearchValue.Reference("Patient", $"p{random.Next(25)}")
        : new SearchValue.Reference(null, null, $"http://elsewhere/p{random.Next(25)}");

    private SearchValue UriValue() => new SearchValue.Uri(Pick("http://x/a", "http://x/a/b", "http://x/", "http://y"));

    private SearchValue TokenValue() => random.Next(5) switch
    {
        0 => new SearchValue.Token(null, Pick(Codes)),
        1 => new SearchValue.Token("", Pick(Codes)),
        2 => new SearchValue.Token(Pick(Systems), null),
        3 => new SearchValue.Token("urn:nowhere", Pick(Codes)),
        _ => new SearchValue.Token(Pick(Systems), Pick(Codes)),
    };

    private SearchValue DateValue()
    {
        var from = Start.AddDays(random.Next(12));
        return new SearchValue.Date(AnyPrefix(), from, from.AddDays(random.Next(1, 4)));
    }

    private SearchValue QuantityValue()
    {
        var number = decimal.Parse(Pick("1", "1.5", "2", "2.2", "10"), System.Globalization.CultureInfo.InvariantCulture);
        var unit = Pick("mg", "g", "毫克", null);
        return new SearchValue.Quantity(AnyPrefix(), number - 0.05m, number + 0.05m, unit is null or "毫克" ? null : Pick(null, Loinc), unit);
    }

    private Prefix AnyPrefix() => Pick(Enum.GetValues<Prefix>());

    private List<SearchValue> Values(Func<SearchValue> one) => [.. Enumerable.Range(0, Chance(7) ? 1 : 2).Select(_ => one())];

    private bool Chance(int ofTen) => random.Next(10) < ofTen;

    private T Pick<T>(params ReadOnlySpan<T> from) => from[random.Next(from.Length)];

    private IEnumerable<string> Some(params string[] from) => from.Where(_ => Chance(4));

    private static SearchParameter Of(string type, string code, SearchParameterType kind, string? path = null) =>
        new() { ResourceType = type, Code = code, Type = kind, Path = path };
}

using NpgsqlTypes;
using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Rows of composite parameters: the parts of one tuple side by side, each kind in its own columns in the order of the parts.</summary>
/// <remarks>R4 has no composite with more than two tokens, two intervals, a date, a reference or a text; one that has is refused, not cut.</remarks>
internal sealed class CompositeRows
{
    public readonly Rows Rows = Rows.Of(
        "composite",
        "rid, param, county, system1, code1, system2, code2, low1, high1, system3, code3, unit3, low2, high2, low_date, high_date, target, folded");

    private readonly Names names;
    private readonly List<long> rid;
    private readonly List<int> param, county;
    private readonly List<int?> system1, system2, system3;
    private readonly List<string?> code1, code2, code3, unit3, folded;
    private readonly List<double?> low1, high1, low2, high2;
    private readonly List<long?> lowDate, highDate, target;

    public CompositeRows(Names names)
    {
        this.names = names;
        (rid, param, county) = (Rows.Longs(), Rows.Ints(), Rows.Ints());
        (system1, code1) = (Rows.Column<int?>(NpgsqlDbType.Integer), Rows.Texts());
        (system2, code2) = (Rows.Column<int?>(NpgsqlDbType.Integer), Rows.Texts());
        (low1, high1) = (Rows.Column<double?>(NpgsqlDbType.Double), Rows.Column<double?>(NpgsqlDbType.Double));
        (system3, code3, unit3) = (Rows.Column<int?>(NpgsqlDbType.Integer), Rows.Texts(), Rows.Texts());
        (low2, high2) = (Rows.Column<double?>(NpgsqlDbType.Double), Rows.Column<double?>(NpgsqlDbType.Double));
        (lowDate, highDate, target) = (Rows.Column<long?>(NpgsqlDbType.Bigint), Rows.Column<long?>(NpgsqlDbType.Bigint), Rows.Column<long?>(NpgsqlDbType.Bigint));
        folded = Rows.Texts();
    }

    public void Add(long source, int parameter, int inCounty, CompositeEntry e, Func<ResourceKey, long> ridOf)
    {
        var tokens = Of<TokenEntry>(e, 2);
        var quantities = Of<QuantityEntry>(e, 2);
        var dates = Of<DateEntry>(e, 1);
        var references = Of<ReferenceEntry>(e, 1);
        var texts = e.Parts.Select(p => p switch { StringEntry s => Texts.Beginning(s.Folded), UriEntry u => Texts.Exact(u.Value), _ => null }).Where(t => t is not null).ToList();

        rid.Add(source);
        param.Add(parameter);
        county.Add(inCounty);
        system1.Add(tokens.Count > 0 ? names.System(tokens[0].System) : null);
        code1.Add(tokens.Count > 0 ? Texts.Exact(tokens[0].Code) : null);
        system2.Add(tokens.Count > 1 ? names.System(tokens[1].System) : null);
        code2.Add(tokens.Count > 1 ? Texts.Exact(tokens[1].Code) : null);
        low1.Add(quantities.Count > 0 ? (double)quantities[0].Low : null);
        high1.Add(quantities.Count > 0 ? (double)quantities[0].High : null);
        system3.Add(quantities.Count > 0 ? names.System(quantities[0].System) : null);
        code3.Add(quantities is [{ Code: { } code }, ..] ? Texts.Exact(code) : null);
        unit3.Add(quantities is [{ Unit: { } unit }, ..] ? Texts.Exact(unit) : null);
        low2.Add(quantities.Count > 1 ? (double)quantities[1].Low : null);
        high2.Add(quantities.Count > 1 ? (double)quantities[1].High : null);
        lowDate.Add(dates.Count > 0 ? dates[0].From.UtcTicks : null);
        highDate.Add(dates.Count > 0 ? dates[0].To.UtcTicks : null);
        target.Add(references is [{ Type: { } type, Id: { } id }, ..] ? ridOf(new(type, id)) : null);
        folded.Add(texts.Count > 0 ? texts[0] : null);
    }

    public static void Collect(CompositeEntry e, NamesWanted wanted)
    {
        wanted.Add(e.Parameter);
        foreach (var part in e.Parts)
            switch (part)
            {
                case TokenEntry token: wanted.System(token.System); break;
                case QuantityEntry quantity: wanted.System(quantity.System); break;
                case ReferenceEntry { Type: { } type, Id: { } id }: wanted.Targets.Add(new(type, id)); break;
            }
    }

    private static List<T> Of<T>(CompositeEntry e, int most)
    {
        var parts = e.Parts.OfType<T>().ToList();
        return parts.Count <= most ? parts : throw new NotSupportedException($"{e.Parameter} has {parts.Count} parts of one kind; the composite table holds {most}.");
    }
}

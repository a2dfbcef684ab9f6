using Npgsql;
using NpgsqlTypes;
using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>The rows of the seven typed index tables for a group of resources; a pure translation of <see cref="IndexEntries"/> into numbers.</summary>
internal sealed class IndexRows
{
    /// <summary>Every table whose rows are made from a resource's current version, by <c>rid</c>.</summary>
    public static readonly string[] Tables = ["token", "string", "date", "quantity", "reference", "uri", "composite"];

    private readonly Names names;
    private readonly TokenRows tokens = new();
    private readonly StringRows strings = new();
    private readonly DateRows dates = new();
    private readonly QuantityRows quantities = new();
    private readonly ReferenceRows references = new();
    private readonly UriRows uris = new();
    private readonly CompositeRows composites;

    private readonly string suffix;

    /// <param name="suffix">Goes behind the names of the tables, for a copy to compare with.</param>
    public IndexRows(Names names, string suffix = "") => (this.names, this.suffix, composites) = (names, suffix, new(names));

    /// <summary>Adds a resource's entries; equal rows go in once, so that a join by one value meets a resource once.</summary>
    /// <param name="target">The rid of a referenced key.</param>
    public void Add(long rid, int county, IndexEntries index, Func<ResourceKey, long> target)
    {
        var told = new HashSet<(int, int, string)>();
        foreach (var e in index.Tokens.Distinct())
        {
            // A code given twice with two displays is one code and one further text.
            var parameter = names.Parameter(e.Parameter);
            var isRepeated = e.TypeCode is null && !told.Add((parameter, names.System(e.System), e.Code));
            if (!isRepeated) tokens.Add(rid, parameter, county, e, names);
            else if (e.Text is not null) tokens.Add(rid, parameter, county, e with { Code = "" }, names);
        }

        foreach (var e in index.Strings.Distinct()) strings.Add(rid, names.Parameter(e.Parameter), county, e);
        foreach (var e in index.Dates.Distinct()) dates.Add(rid, names.Parameter(e.Parameter), county, e);
        foreach (var e in index.Quantities.Distinct()) quantities.Add(rid, names.Parameter(e.Parameter), county, e, names);
        foreach (var e in index.References.Distinct()) references.Add(rid, names.Parameter(e.Parameter), county, e, names, target);
        foreach (var e in index.Uris.Distinct()) uris.Add(rid, names.Parameter(e.Parameter), county, e);
        foreach (var e in index.Composites) composites.Add(rid, names.Parameter(e.Parameter), county, e, target);
    }

    public void AddTo(NpgsqlBatch batch)
    {
        foreach (var rows in (Rows[])[tokens.Rows, strings.Rows, dates.Rows, quantities.Rows, references.Rows, uris.Rows, composites.Rows])
            rows.AddTo(batch, suffix);
    }

    /// <summary>Names that <see cref="Add"/> will ask for.</summary>
    public static void Collect(IndexEntries index, NamesWanted wanted)
    {
        foreach (var e in index.Tokens)
        {
            wanted.Add(e.Parameter);
            wanted.System(e.System);
            wanted.System(e.TypeSystem);
            if (e.Text is not null) wanted.Displays.Add(Texts.Display(e.Text));
        }
        foreach (var e in index.Strings) wanted.Add(e.Parameter);
        foreach (var e in index.Dates) wanted.Add(e.Parameter);
        foreach (var e in index.Quantities)
        {
            wanted.Add(e.Parameter);
            wanted.System(e.System);
        }
        foreach (var e in index.References)
        {
            wanted.Add(e.Parameter);
            wanted.System(e.IdentifierSystem);
            if (e.Type is not null && e.Id is not null) wanted.Targets.Add(new(e.Type, e.Id));
        }
        foreach (var e in index.Uris) wanted.Add(e.Parameter);
        foreach (var e in index.Composites) CompositeRows.Collect(e, wanted);
    }

    private sealed class TokenRows
    {
        public readonly Rows Rows = Rows.Of("token", "rid, param, system, county, code, display, type_system, type_code");
        private readonly List<long> rid;
        private readonly List<int> param, system, county;
        private readonly List<string?> code, typeCode;
        private readonly List<int?> display, typeSystem;

        public TokenRows()
        {
            (rid, param, system, county, code) = (Rows.Longs(), Rows.Ints(), Rows.Ints(), Rows.Ints(), Rows.Texts());
            (display, typeSystem, typeCode) = (Rows.Column<int?>(NpgsqlDbType.Integer), Rows.Column<int?>(NpgsqlDbType.Integer), Rows.Texts());
        }

        public void Add(long source, int parameter, int inCounty, TokenEntry e, Names names)
        {
            rid.Add(source);
            param.Add(parameter);
            system.Add(names.System(e.System));
            county.Add(inCounty);
            code.Add(Texts.Exact(e.Code));
            display.Add(e.Text is null ? null : names.Display(Texts.Display(e.Text)));
            typeSystem.Add(e.TypeCode is null ? null : names.System(e.TypeSystem));
            typeCode.Add(e.TypeCode is null ? null : Texts.Exact(e.TypeCode));
        }
    }

    private sealed class StringRows
    {
        public readonly Rows Rows = Rows.Of("string", "rid, param, county, original, folded, value");
        private readonly List<long> rid;
        private readonly List<int> param, county;
        private readonly List<bool> original;
        private readonly List<string?> folded, value;

        public StringRows() => (rid, param, county, original, folded, value) =
            (Rows.Longs(), Rows.Ints(), Rows.Ints(), Rows.Column<bool>(NpgsqlDbType.Boolean), Rows.Texts(), Rows.Texts());

        public void Add(long source, int parameter, int inCounty, StringEntry e)
        {
            rid.Add(source);
            param.Add(parameter);
            county.Add(inCounty);
            original.Add(e.Original);
            folded.Add(Texts.Beginning(e.Folded));
            value.Add(!e.Original || e.Value == e.Folded ? null : Texts.Clean(e.Value));
        }
    }

    private sealed class DateRows
    {
        public readonly Rows Rows = Rows.Of("date", "rid, low, high, param, county");
        private readonly List<long> rid, low, high;
        private readonly List<int> param, county;

        public DateRows() => (rid, low, high, param, county) = (Rows.Longs(), Rows.Longs(), Rows.Longs(), Rows.Ints(), Rows.Ints());

        public void Add(long source, int parameter, int inCounty, DateEntry e)
        {
            rid.Add(source);
            low.Add(e.From.UtcTicks);
            high.Add(e.To.UtcTicks);
            param.Add(parameter);
            county.Add(inCounty);
        }
    }

    private sealed class QuantityRows
    {
        public readonly Rows Rows = Rows.Of("quantity", "rid, param, county, system, low, high, code, unit");
        private readonly List<long> rid;
        private readonly List<int> param, county, system;
        private readonly List<double> low, high;
        private readonly List<string?> code, unit;

        public QuantityRows()
        {
            (rid, param, county, system) = (Rows.Longs(), Rows.Ints(), Rows.Ints(), Rows.Ints());
            (low, high, code, unit) = (Rows.Column<double>(NpgsqlDbType.Double), Rows.Column<double>(NpgsqlDbType.Double), Rows.Texts(), Rows.Texts());
        }

        public void Add(long source, int parameter, int inCounty, QuantityEntry e, Names names)
        {
            rid.Add(source);
            param.Add(parameter);
            county.Add(inCounty);
            system.Add(names.System(e.System));
            low.Add((double)e.Low);
            high.Add((double)e.High);
            code.Add(e.Code is null ? null : Texts.Exact(e.Code));
            unit.Add(e.Unit is null || e.Unit == e.Code ? null : Texts.Exact(e.Unit));
        }
    }

    private sealed class ReferenceRows
    {
        public readonly Rows Rows = Rows.Of("reference", "rid, target, param, county, identifier_system, version, url, identifier");
        private readonly List<long> rid;
        private readonly List<long?> target;
        private readonly List<int> param, county;
        private readonly List<int?> identifierSystem;
        private readonly List<string?> version, url, identifier;

        public ReferenceRows()
        {
            (rid, target, param, county) = (Rows.Longs(), Rows.Column<long?>(NpgsqlDbType.Bigint), Rows.Ints(), Rows.Ints());
            (identifierSystem, version, url, identifier) = (Rows.Column<int?>(NpgsqlDbType.Integer), Rows.Texts(), Rows.Texts(), Rows.Texts());
        }

        public void Add(long source, int parameter, int inCounty, ReferenceEntry e, Names names, Func<ResourceKey, long> ridOf)
        {
            rid.Add(source);
            target.Add(e.Type is not null && e.Id is not null ? ridOf(new(e.Type, e.Id)) : null);
            param.Add(parameter);
            county.Add(inCounty);
            identifierSystem.Add(e.IdentifierValue is null ? null : names.System(e.IdentifierSystem));
            version.Add(e.Version is null ? null : Texts.Exact(e.Version));
            url.Add(e.Url is null ? null : Texts.Exact(e.Url));
            identifier.Add(e.IdentifierValue is null ? null : Texts.Exact(e.IdentifierValue));
        }
    }

    private sealed class UriRows
    {
        public readonly Rows Rows = Rows.Of("uri", "rid, param, county, value");
        private readonly List<long> rid;
        private readonly List<int> param, county;
        private readonly List<string?> value;

        public UriRows() => (rid, param, county, value) = (Rows.Longs(), Rows.Ints(), Rows.Ints(), Rows.Texts());

        public void Add(long source, int parameter, int inCounty, UriEntry e)
        {
            rid.Add(source);
            param.Add(parameter);
            county.Add(inCounty);
            value.Add(Texts.Exact(e.Value));
        }
    }
}

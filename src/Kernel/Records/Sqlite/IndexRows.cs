using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>The rows of the typed index tables for one resource, written straight into the tables; equal rows go in once.</summary>
internal sealed class IndexRows(SqliteSession session, Names names, Func<ResourceKey, long> ridOf, Func<string, long> displayOf, string schema = "main")
{
    public void Add(long rid, IndexEntries index)
    {
        foreach (var e in index.Tokens) Add(rid, e);
        foreach (var e in index.Strings)
            session.Execute(
                $"INSERT OR IGNORE INTO {schema}.string (rid, param, folded, original, value) VALUES (?1, ?2, ?3, ?4, ?5)",
                rid, Parameter(e.Parameter), Texts.Beginning(e.Folded), e.Original ? 1 : 0, !e.Original || e.Value == e.Folded ? "" : Texts.Clean(e.Value));
        foreach (var e in index.Dates)
            session.Execute(
                $"INSERT OR IGNORE INTO {schema}.date (rid, param, low, high) VALUES (?1, ?2, ?3, ?4)", rid, Parameter(e.Parameter), e.From.UtcTicks, e.To.UtcTicks);
        foreach (var e in index.Quantities)
            session.Execute(
                $"INSERT OR IGNORE INTO {schema}.quantity (rid, param, low, high, system, code, unit) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                rid, Parameter(e.Parameter), (double)e.Low, (double)e.High, System(e.System), Text(e.Code), e.Unit == e.Code ? "" : Text(e.Unit));
        foreach (var e in index.References.Distinct()) Add(rid, e);
        foreach (var e in index.Uris)
            session.Execute($"INSERT OR IGNORE INTO {schema}.uri (rid, param, value) VALUES (?1, ?2, ?3)", rid, Parameter(e.Parameter), Texts.Exact(e.Value));
        foreach (var e in index.Composites) Add(rid, e);
    }

    private void Add(long rid, TokenEntry e) => session.Execute(
        $"INSERT OR IGNORE INTO {schema}.token (rid, param, code, system, display, type_system, type_code) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        rid, Parameter(e.Parameter), Texts.Exact(e.Code), System(e.System), e.Text is null ? 0 : displayOf(Texts.Display(e.Text)),
        e.TypeCode is null ? 0 : System(e.TypeSystem), Text(e.TypeCode));

    private void Add(long rid, ReferenceEntry e) => session.Execute(
        $"INSERT INTO {schema}.reference (rid, param, target, version, url, identifier_system, identifier) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        rid, Parameter(e.Parameter), e is { Type: { } type, Id: { } id } ? ridOf(new(type, id)) : null, e.Version is null ? null : Texts.Exact(e.Version),
        e.Url is null ? null : Texts.Exact(e.Url), e.IdentifierValue is null ? null : System(e.IdentifierSystem),
        e.IdentifierValue is null ? null : Texts.Exact(e.IdentifierValue));

    private void Add(long rid, CompositeEntry e)
    {
        var tokens = Of<TokenEntry>(e, 2);
        var quantities = Of<QuantityEntry>(e, 2);
        var dates = Of<DateEntry>(e, 1);
        var references = Of<ReferenceEntry>(e, 1);
        var text = e.Parts.Select(p => p switch { StringEntry s => Texts.Beginning(s.Folded), UriEntry u => Texts.Exact(u.Value), _ => null }).FirstOrDefault(t => t is not null);
        session.Execute(
            $"""
            INSERT INTO {schema}.composite (rid, param, system1, code1, system2, code2, low1, high1, system3, code3, unit3, low2, high2, low_date, high_date, target, folded)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
            """,
            rid, Parameter(e.Parameter),
            tokens.Count > 0 ? System(tokens[0].System) : null, tokens.Count > 0 ? Texts.Exact(tokens[0].Code) : null,
            tokens.Count > 1 ? System(tokens[1].System) : null, tokens.Count > 1 ? Texts.Exact(tokens[1].Code) : null,
            quantities.Count > 0 ? (double)quantities[0].Low : null, quantities.Count > 0 ? (double)quantities[0].High : null,
            quantities.Count > 0 ? System(quantities[0].System) : null, quantities is [{ Code: { } code }, ..] ? Texts.Exact(code) : null,
            quantities is [{ Unit: { } unit }, ..] ? Texts.Exact(unit) : null,
            quantities.Count > 1 ? (double)quantities[1].Low : null, quantities.Count > 1 ? (double)quantities[1].High : null,
            dates.Count > 0 ? dates[0].From.UtcTicks : null, dates.Count > 0 ? dates[0].To.UtcTicks : null,
            references is [{ Type: { } type, Id: { } id }, ..] ? ridOf(new(type, id)) : null, text);
    }

    private int Parameter(SearchParameter parameter) => names.Parameters.Give(parameter.ToString(), session);

    private int System(string? system) => string.IsNullOrEmpty(system) ? Names.None : names.Systems.Give(Texts.Exact(system), session);

    private static string Text(string? text) => text is null ? "" : Texts.Exact(text);

    private static List<T> Of<T>(CompositeEntry e, int most)
    {
        var parts = e.Parts.OfType<T>().ToList();
        return parts.Count <= most ? parts : throw new NotSupportedException($"{e.Parameter} has {parts.Count} parts of one kind; the composite table holds {most}.");
    }
}

using DuckDB.NET.Data;

namespace Tongxin.Kernel.Measures;

/// <summary>The tree of organisations inside the column store: each with all that stand above it, itself included.</summary>
internal static class OrganisationTree
{
    /// <summary>Deeper than any tree of a city; a loop in the data ends here.</summary>
    private const int Deepest = 12;

    public static void Rebuild(DuckDBConnection connection) => ColumnStore.Run(connection, $"""
        DELETE FROM organisation; DELETE FROM above;
        INSERT INTO organisation SELECT id, parent, name, kind, NULL FROM main.organization WHERE active;
        INSERT INTO above
        WITH RECURSIVE climb(ancestor, organisation, depth) AS (
            SELECT id, id, 0 FROM organisation
            UNION ALL
            SELECT o.parent, c.organisation, c.depth + 1 FROM climb c JOIN organisation o ON o.id = c.ancestor
            WHERE o.parent IS NOT NULL AND c.depth < {Deepest})
        SELECT DISTINCT ancestor, organisation FROM climb;
        """);
}

using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>A statement while it is written: its text and its parameters. Values never become text.</summary>
internal sealed class SqlText
{
    // Longer lists go in as one JSON array, so that the texts of statements repeat and their plans are kept.
    private const int LongestInline = 8;

    /// <summary>Begins the name of every parameter. Named, because a value that the text does not use in the end must leave no gap.</summary>
    public const string Prefix = "$p";

    private readonly StringBuilder text = new(512);
    private int aliases;

    public List<object?> Parameters { get; } = [];

    public SqlText Append(string part)
    {
        text.Append(part);
        return this;
    }

    /// <summary>Adds a value; its place goes into the text.</summary>
    public string Value(object? value)
    {
        Parameters.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Parameters.Count}");
    }

    /// <summary>A list in parentheses, to stand behind IN.</summary>
    public string In<T>(IEnumerable<T> values)
    {
        var list = values as IReadOnlyCollection<T> ?? [.. values];
        return list.Count <= LongestInline
            ? $"({string.Join(", ", list.Select(v => Value(v)))})"
            : $"(SELECT value FROM json_each({Value(JsonSerializer.Serialize(list))}))";
    }

    /// <summary>A name that no other row of the statement has.</summary>
    public string Alias(string stem) => $"{stem}{++aliases}";

    public override string ToString() => text.ToString();
}

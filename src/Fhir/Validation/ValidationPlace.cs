using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tongxin.Fhir.Validation;

/// <summary>Where a walk over a resource stands; becomes text only when something is wrong there.</summary>
internal sealed class ValidationPlace
{
    private readonly List<(string Name, int Index)> steps = new(16);
    private string root = "";

    public int Depth => steps.Count;

    public bool IsRoot => steps.Count is 0;

    public void Start(string name) => root = name;

    /// <param name="index">-1 for what does not repeat.</param>
    public void Push(string name, int index) => steps.Add((name, index));

    public void Pop() => steps.RemoveAt(steps.Count - 1);

    public string? Path(string? below)
    {
        if (root.Length is 0) return below;
        var path = new StringBuilder(root);
        foreach (var (name, index) in steps)
        {
            path.Append('.').Append(name);
            if (index >= 0) path.Append(CultureInfo.InvariantCulture, $"[{index}]");
        }

        if (below is not null) path.Append('.').Append(below);
        return path.ToString();
    }
}

/// <summary>Quotes from the input in messages: short, whatever was sent.</summary>
internal static class Quote
{
    private const int Longest = 60;

    public static string Short(string text) => text.Length <= Longest ? text : text[..(char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest)] + "…";

    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };
}

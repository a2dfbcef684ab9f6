using System.Diagnostics.CodeAnalysis;

namespace Tongxin.Kernel.Access;

/// <summary>One SMART on FHIR v2 scope of a resource: <c>patient/Observation.rs?category=laboratory</c> (SMART App Launch 2.2, §3.0.2).</summary>
/// <remarks>v1 words (<c>read</c>, <c>write</c>, <c>*</c>) are understood. Launch and identity scopes (<c>openid</c>, <c>launch/patient</c>) are not resource scopes.</remarks>
/// <param name="Level"><c>patient</c>, <c>user</c> or <c>system</c>.</param>
/// <param name="Type">Resource type, or <c>*</c>.</param>
/// <param name="Query">Search that narrows the scope; null for none.</param>
public sealed record SmartScope(string Level, string Type, Interactions Interactions, string? Query)
{
    private const string Letters = "cruds";

    public bool Covers(string type) => Type is "*" || Type == type;

    public static bool TryParse(string text, [NotNullWhen(true)] out SmartScope? scope)
    {
        scope = null;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || text[..slash] is not ("patient" or "user" or "system")) return false;
        var rest = text[(slash + 1)..];
        var mark = rest.IndexOf('?', StringComparison.Ordinal);
        var query = mark < 0 ? null : rest[(mark + 1)..];
        if (mark >= 0) rest = rest[..mark];
        var dot = rest.IndexOf('.', StringComparison.Ordinal);
        if (dot <= 0 || !IsType(rest[..dot]) || query is "" || (query is not null && rest[..dot] is "*")) return false;
        if (Granted(rest[(dot + 1)..]) is not { } interactions) return false;
        scope = new(text[..slash], rest[..dot], interactions, query);
        return true;
    }

    private static bool IsType(string name) => name is "*" || (char.IsAsciiLetterUpper(name[0]) && name.All(char.IsAsciiLetter));

    // Letters stand in the order of cruds, each at most once; anything else is no scope.
    private static Interactions? Granted(string letters)
    {
        switch (letters)
        {
            case "read": return Interactions.Look;
            case "write": return Interactions.Create | Interactions.Update | Interactions.Delete;
            case "*": return Interactions.All;
        }

        var (granted, last) = (Interactions.None, -1);
        foreach (var letter in letters)
        {
            var at = Letters.IndexOf(letter, StringComparison.Ordinal);
            if (at <= last) return null;
            last = at;
            granted |= letter switch
            {
                'c' => Interactions.Create,
                'r' => Interactions.Read | Interactions.History,
                'u' => Interactions.Update,
                'd' => Interactions.Delete,
                _ => Interactions.Search,
            };
        }

        return granted is Interactions.None ? null : granted;
    }
}

using System.Buffers;
using System.Collections.Frozen;

namespace Tongxin.Fhir.Validation;

/// <summary>Checks a narrative: one div of plain formatting, tags in balance, nothing that runs (FHIR R4 §2.4.0.1, txt-1, txt-2).</summary>
/// <remarks>A scanner, not an XML parser: no entities are expanded and nothing is built, so a hostile text costs no more than its length.</remarks>
internal ref struct XhtmlCheck
{
    private const int DeepestNesting = 256;

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Elements = FrozenSet.ToFrozenSet(
    [
        "a", "abbr", "acronym", "address", "area", "b", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del",
        "dfn", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "map", "ol", "p", "pre", "q", "s",
        "samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
    ]).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly SearchValues<char> NotInNames = SearchValues.Create(" <>\"'/\t\r\n");

    private readonly Stack<string> open = new();
    private ReadOnlySpan<char> rest;
    private bool hasContent;

    private XhtmlCheck(ReadOnlySpan<char> text) => rest = text;

    /// <summary>A sentence that says what is wrong; null when nothing is.</summary>
    public static string? Wrong(string text)
    {
        var trimmed = text.AsSpan().Trim();
        if (!trimmed.StartsWith("<div")) return "A narrative is one <div xmlns=\"http://www.w3.org/1999/xhtml\"> element.";
        return new XhtmlCheck(trimmed).Scan();
    }

    private string? Scan()
    {
        while (rest.Length > 0)
        {
            if (rest[0] is not '<')
            {
                if (Text() is { } wrongText) return wrongText;
                continue;
            }

            if ((rest.StartsWith("<!--") ? Comment() : rest.StartsWith("</") ? Close() : Open()) is { } wrong) return wrong;
            if (open.Count is 0 && !rest.IsWhiteSpace()) return "Nothing may follow the narrative's div.";
            if (open.Count is 0) break;
        }

        if (open.Count > 0) return $"The narrative's <{open.Peek()}> is not closed.";
        return hasContent ? null : "The narrative's div has no content (txt-2).";
    }

    private string? Text()
    {
        var end = rest.IndexOf('<');
        var text = end < 0 ? rest : rest[..end];
        rest = rest[text.Length..];
        if (!text.IsWhiteSpace()) hasContent = true;
        for (var at = text.IndexOf('&'); at >= 0;)
        {
            var semicolon = text[at..].IndexOf(';');
            if (semicolon < 2 || text.Slice(at + 1, semicolon - 1).ContainsAny(" <&")) return "In a narrative an ampersand is written &amp;.";
            text = text[(at + semicolon + 1)..];
            at = text.IndexOf('&');
        }

        return null;
    }

    private string? Comment()
    {
        var end = rest[4..].IndexOf("-->");
        if (end < 0) return "The narrative's comment is not closed.";
        rest = rest[(end + 7)..];
        return null;
    }

    private string? Close()
    {
        var end = rest.IndexOf('>');
        if (end < 0) return "The narrative ends within a tag.";
        var name = rest[2..end].Trim();
        rest = rest[(end + 1)..];
        if (open.Count is 0 || !name.SequenceEqual(open.Peek())) return $"The narrative closes <{Quote.Short(name.ToString())}>, which is not the open element.";
        open.Pop();
        return null;
    }

    private string? Open()
    {
        var length = 1;
        while (length < rest.Length && (char.IsAsciiLetterOrDigit(rest[length]))) length++;
        var name = rest[1..length];
        if (!Elements.TryGetValue(name, out var element)) return $"A narrative may not contain <{Quote.Short(name.ToString())}> (txt-1).";
        rest = rest[length..];
        if (element is "img") hasContent = true;
        var isRoot = open.Count is 0;
        var hasNamespace = false;
        while (true)
        {
            rest = rest.TrimStart();
            if (rest is ['>', ..])
            {
                rest = rest[1..];
                if (open.Count >= DeepestNesting) return "The narrative is nested too deeply.";
                open.Push(element);
                break;
            }

            if (rest is ['/', '>', ..])
            {
                rest = rest[2..];
                break;
            }

            if (Attribute(ref hasNamespace) is { } wrong) return wrong;
        }

        return isRoot && !hasNamespace ? "The narrative's div has no xmlns=\"http://www.w3.org/1999/xhtml\"." : null;
    }

    private string? Attribute(ref bool hasNamespace)
    {
        const string broken = "The narrative has a broken tag.";
        var equals = rest.IndexOf('=');
        if (equals < 1) return broken;
        var name = rest[..equals].Trim();
        if (name.Length is 0 || name.ContainsAny(NotInNames)) return broken;
        rest = rest[(equals + 1)..].TrimStart();
        if (rest.Length is 0 || rest[0] is not ('"' or '\'')) return broken;
        var end = rest[1..].IndexOf(rest[0]);
        if (end < 0) return broken;
        var value = rest.Slice(1, end);
        rest = rest[(end + 2)..];
        if (value.Contains('<')) return broken;
        if (name.StartsWith("on", StringComparison.OrdinalIgnoreCase)) return $"A narrative may not carry '{Quote.Short(name.ToString())}': nothing in it runs (txt-1).";
        if (name is "href" or "src" && value.Trim().StartsWith("javascript:", StringComparison.OrdinalIgnoreCase)) return "A narrative may not carry scripts (txt-1).";
        if (name is "xmlns") hasNamespace = value is "http://www.w3.org/1999/xhtml";
        return null;
    }
}

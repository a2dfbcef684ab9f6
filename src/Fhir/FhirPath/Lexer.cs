using System.Text;

namespace Tongxin.Fhir.FhirPath;

/// <summary>Cuts an expression into tokens (FHIRPath 2.0 §9, grammar).</summary>
internal static class Lexer
{
    private static readonly string[] Symbols =
        ["<=", ">=", "!=", "!~", "{", "}", "(", ")", "[", "]", ".", ",", "+", "-", "*", "/", "&", "|", "=", "~", "<", ">", "$"];

    public static List<Token> Read(string text)
    {
        var tokens = new List<Token>();
        for (var at = 0; ;)
        {
            at = SkipBlanks(text, at);
            if (at >= text.Length)
            {
                tokens.Add(new(TokenKind.End, "", text.Length));
                return tokens;
            }

            tokens.Add(Next(text, ref at));
        }
    }

    private static Token Next(string text, ref int at)
    {
        var start = at;
        var c = text[at];
        if (char.IsAsciiLetter(c) || c is '_')
        {
            while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_')) at++;
            return new(TokenKind.Name, text[start..at], start);
        }

        if (char.IsAsciiDigit(c)) return Number(text, ref at);
        if (c is '\'' or '"') return new(TokenKind.Text, Quoted(text, ref at, c), start);
        if (c is '`') return new(TokenKind.Delimited, Quoted(text, ref at, '`'), start);
        if (c is '@') return DateOrTime(text, ref at);
        if (c is '%') return External(text, ref at);
        foreach (var symbol in Symbols)
            if (string.CompareOrdinal(text, at, symbol, 0, symbol.Length) is 0)
            {
                at += symbol.Length;
                return new(TokenKind.Symbol, symbol, start);
            }

        throw new FhirPathException($"'{c}' means nothing here.", at);
    }

    private static int SkipBlanks(string text, int at)
    {
        while (at < text.Length)
        {
            if (char.IsWhiteSpace(text[at])) at++;
            else if (text.AsSpan(at).StartsWith("//")) at = text.IndexOf('\n', at) is >= 0 and var end ? end + 1 : text.Length;
            else if (text.AsSpan(at).StartsWith("/*"))
                at = text.IndexOf("*/", at + 2, StringComparison.Ordinal) is >= 0 and var close
                    ? close + 2
                    : throw new FhirPathException("A comment is not closed.", at);
            else break;
        }

        return at;
    }

    private static Token Number(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        if (at + 1 < text.Length && text[at] is '.' && char.IsAsciiDigit(text[at + 1]))
        {
            at++;
            while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        }

        return new(TokenKind.Number, text[start..at], start);
    }

    private static Token DateOrTime(string text, ref int at)
    {
        var start = at++;
        var isTime = at < text.Length && text[at] is 'T';
        if (isTime) at++;
        while (at < text.Length && IsPartOfTime(text, at)) at++;
        var body = text[(start + (isTime ? 2 : 1))..at];
        return new(isTime ? TokenKind.Time : TokenKind.Date, body, start);
    }

    private static bool IsPartOfTime(string text, int at) => text[at] switch
    {
        >= '0' and <= '9' or ':' or '-' or '+' or 'T' or 'Z' => true,
        '.' => at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]),
        _ => false,
    };

    private static Token External(string text, ref int at)
    {
        var start = at++;
        if (at < text.Length && text[at] is '\'' or '`') return new(TokenKind.External, Quoted(text, ref at, text[at]), start);
        var name = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '-')) at++;
        return at > name ? new(TokenKind.External, text[name..at], start) : throw new FhirPathException("'%' is followed by no name.", start);
    }

    private static string Quoted(string text, ref int at, char quote)
    {
        var start = at++;
        var content = new StringBuilder();
        while (at < text.Length && text[at] != quote) content.Append(text[at] is '\\' ? Escape(text, ref at) : text[at++]);
        if (at >= text.Length) throw new FhirPathException($"A {quote} is not closed.", start);
        at++;
        return content.ToString();
    }

    private static char Escape(string text, ref int at)
    {
        var escape = at + 1 < text.Length ? text[at + 1] : '\0';
        at += 2;
        switch (escape)
        {
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'f': return '\f';
            case '\'' or '"' or '`' or '\\' or '/': return escape;
            case 'u' when at + 4 <= text.Length && ushort.TryParse(text.AsSpan(at, 4), System.Globalization.NumberStyles.HexNumber, null, out var code):
                at += 4;
                return (char)code;
            default: throw new FhirPathException($"'\\{escape}' is no escape.", at - 2);
        }
    }
}

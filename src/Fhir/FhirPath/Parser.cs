using System.Globalization;

namespace Tongxin.Fhir.FhirPath;

/// <summary>Builds the steps of an expression from its tokens (FHIRPath 2.0 §8 precedence).</summary>
internal sealed class Parser
{
    private const int Deepest = 200;

    /// <summary>Levels of the finished tree: <c>a.b.c…</c> and <c>1+1+1…</c> go as deep as they are long.</summary>
    private const int Highest = 500;

    private readonly List<Token> tokens;
    private int at;
    private int depth;

    private Parser(List<Token> tokens) => this.tokens = tokens;

    private Token Now => tokens[at];

    public static Node Parse(string text)
    {
        var parser = new Parser(Lexer.Read(text));
        if (parser.Now.Kind is TokenKind.End) throw new FhirPathException("The expression is empty.", 0);
        var node = parser.Expression(0, isFirst: true);
        return parser.Now.Kind is TokenKind.End ? node : throw new FhirPathException($"'{parser.Now.Text}' was not expected here.", parser.Now.Position);
    }

    private Node Expression(int least, bool isFirst)
    {
        if (++depth > Deepest) throw new FhirPathException($"The expression is nested more than {Deepest} deep.", Now.Position);
        var left = Operand(isFirst);
        while (Precedence(Now) is { } strength && strength >= least)
        {
            var symbol = Take().Text;
            left = symbol is "is" or "as" ? new TypeOperator(symbol is "is", left, Specifier()) : new Operator(symbol, left, Expression(strength + 1, isFirst));
            Limit(left);
        }

        depth--;
        return left;
    }

    private Node Operand(bool isFirst)
    {
        if (Now is { Kind: TokenKind.Symbol, Text: "-" or "+" })
        {
            var minus = Take().Text is "-";
            if (++depth > Deepest) throw new FhirPathException($"The expression is nested more than {Deepest} deep.", Now.Position);
            var operand = Operand(isFirst);
            depth--;
            return new Sign(minus, operand);
        }

        var node = Term(isFirst);
        while (Now.Kind is TokenKind.Symbol)
        {
            if (Now.Text is ".")
            {
                Take();
                node = new Dot(node, Invocation(isFirst: false));
            }
            else if (Now.Text is "[")
            {
                Take();
                var index = Expression(0, isFirst: true);
                Expect("]");
                node = new Indexer(node, index);
            }
            else break;
            Limit(node);
        }

        return node;
    }

    private Node Term(bool isFirst)
    {
        var token = Now;
        switch (token.Kind)
        {
            case TokenKind.Text:
                Take();
                return new Literal(Items.Of(token.Text));
            case TokenKind.Number:
                return NumberOrQuantity();
            case TokenKind.Date:
                Take();
                return new Literal(Items.Of(Time(token)));
            case TokenKind.Time:
                Take();
                return new Literal(Items.Of(PathTime.Parse(PathTimeKind.Time, token.Text) ?? throw new FhirPathException($"@T{token.Text} is no time.", token.Position)));
            case TokenKind.External:
                Take();
                return new External(token.Text, token.Position);
            case TokenKind.Symbol when token.Text is "(":
                Take();
                var inner = Expression(0, isFirst);
                Expect(")");
                return inner;
            case TokenKind.Symbol when token.Text is "{":
                Take();
                Expect("}");
                return new Literal(Items.None);
            case TokenKind.Name when token.Text is "true" or "false":
                Take();
                return new Literal(token.Text is "true" ? Items.True : Items.False);
            default:
                return Invocation(isFirst);
        }
    }

    private Node Invocation(bool isFirst)
    {
        var token = Take();
        if (token is { Kind: TokenKind.Symbol, Text: "$" })
        {
            var special = Take();
            return special.Text is "this" or "index" or "total" ? new Special(special.Text) : throw new FhirPathException($"${special.Text} is unknown.", token.Position);
        }

        if (token.Kind is not (TokenKind.Name or TokenKind.Delimited)) throw Unexpected(token);
        if (Now is not { Kind: TokenKind.Symbol, Text: "(" }) return new Member(token.Text, isFirst);
        Take();
        var arguments = new List<Node>();
        while (Now is not { Kind: TokenKind.Symbol, Text: ")" })
        {
            arguments.Add(Expression(0, isFirst: true));
            if (Now is { Kind: TokenKind.Symbol, Text: "," }) Take();
            else if (Now is not { Kind: TokenKind.Symbol, Text: ")" }) throw Unexpected(Now);
        }

        Take();
        var call = Functions.Bind(token.Text, [.. arguments], token.Position);
        Limit(call);
        return call;
    }

    private Literal NumberOrQuantity()
    {
        var token = Take();
        if (!decimal.TryParse(token.Text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            throw new FhirPathException($"{(token.Text.Length > 40 ? token.Text[..40] + "…" : token.Text)} is too large.", token.Position);
        if (Now.Kind is TokenKind.Text) return new Literal(Items.Of(new PathQuantity(number, Take().Text)));
        if (Now.Kind is TokenKind.Name && PathQuantity.CalendarWord(Now.Text) is { } word)
        {
            Take();
            return new Literal(Items.Of(new PathQuantity(number, word)));
        }

        var isWhole = !token.Text.Contains('.', StringComparison.Ordinal);
        return new Literal(isWhole && long.TryParse(token.Text, CultureInfo.InvariantCulture, out var whole) ? Items.Of(whole) : Items.Of(number));
    }

    private static PathTime Time(Token token)
    {
        var kind = token.Text.Contains('T', StringComparison.Ordinal) ? PathTimeKind.DateTime : PathTimeKind.Date;
        return PathTime.Parse(kind, token.Text.EndsWith('T') ? token.Text[..^1] : token.Text) is { } time
            ? time with { Kind = kind }
            : throw new FhirPathException($"@{token.Text} is no date.", token.Position);
    }

    private string Specifier()
    {
        var name = Take();
        if (name.Kind is not (TokenKind.Name or TokenKind.Delimited)) throw Unexpected(name);
        if (Now is not { Kind: TokenKind.Symbol, Text: "." } || name.Text is not ("FHIR" or "System")) return name.Text;
        Take();
        return $"{name.Text}.{Take().Text}";
    }

    private static int? Precedence(Token token) => token.Kind is not (TokenKind.Symbol or TokenKind.Name) ? null : token.Text switch
    {
        "implies" => 1,
        "or" or "xor" => 2,
        "and" => 3,
        "in" or "contains" => 4,
        "=" or "~" or "!=" or "!~" => 5,
        "<" or ">" or "<=" or ">=" => 6,
        "|" => 7,
        "is" or "as" => 8,
        "+" or "-" or "&" => 9,
        "*" or "/" or "div" or "mod" => 10,
        _ => null,
    };

    private void Limit(Node node)
    {
        if (node.Height > Highest) throw new FhirPathException($"The expression has more than {Highest} steps behind each other.", Now.Position);
    }

    private Token Take() => tokens[at].Kind is TokenKind.End ? tokens[at] : tokens[at++];

    private void Expect(string symbol)
    {
        var token = Take();
        if (token.Kind is not TokenKind.Symbol || token.Text != symbol) throw new FhirPathException($"'{symbol}' was expected.", token.Position);
    }

    private static FhirPathException Unexpected(Token token) =>
        new(token.Kind is TokenKind.End ? "The expression ends too early." : $"'{token.Text}' was not expected here.", token.Position);
}

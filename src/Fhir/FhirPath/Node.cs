namespace Tongxin.Fhir.FhirPath;

/// <summary>One step of a compiled expression.</summary>
/// <param name="height">Levels of the tree that begins here: evaluating goes as deep, and the stack must hold it.</param>
internal abstract class Node(int height = 1)
{
    public int Height => height;

    /// <summary>One more than the highest of the parts.</summary>
    protected static int Above(params ReadOnlySpan<Node> parts)
    {
        var highest = 0;
        foreach (var part in parts) highest = Math.Max(highest, part.Height);
        return highest + 1;
    }

    public abstract List<PathValue> Run(Scope scope, List<PathValue> focus);
}

/// <summary>A value written in the expression.</summary>
internal sealed class Literal(List<PathValue> value) : Node
{
    public List<PathValue> Value => value;

    public override List<PathValue> Run(Scope scope, List<PathValue> focus) => value;
}

/// <summary><c>$this</c>, <c>$index</c>, <c>$total</c>.</summary>
internal sealed class Special(string name) : Node
{
    public override List<PathValue> Run(Scope scope, List<PathValue> focus) => name switch
    {
        "this" => scope.This,
        "index" => Items.Of((long)scope.Index),
        _ => scope.Total,
    };
}

/// <summary><c>%name</c>.</summary>
internal sealed class External(string name, int position) : Node
{
    public override List<PathValue> Run(Scope scope, List<PathValue> focus)
    {
        if (scope.Defined?.TryGetValue(name, out var defined) is true) return defined;
        if (scope.Context.Variables.TryGetValue(name, out var known)) return known as List<PathValue> ?? [.. known];
        switch (name)
        {
            case "resource" or "rootResource" when scope.Context.Resource is { } resource: return [Navigation.Root(resource, scope.Context.Model)];
            case "resource" or "rootResource" or "context": return scope.Root;
            case "ucum": return Items.Of("http://unitsofmeasure.org");
            case "sct": return Items.Of("http://snomed.info/sct");
            case "loinc": return Items.Of("http://loinc.org");
        }

        if (name.StartsWith("vs-", StringComparison.Ordinal)) return Items.Of($"http://hl7.org/fhir/ValueSet/{name[3..]}");
        if (name.StartsWith("ext-", StringComparison.Ordinal)) return Items.Of($"http://hl7.org/fhir/StructureDefinition/{name[4..]}");
        throw new FhirPathException($"%{name} is not defined.", position);
    }
}

/// <summary>A child by name; at the beginning of an expression also the type of the focus.</summary>
internal sealed class Member(string name, bool isFirst) : Node
{
    public string Name => name;

    public override List<PathValue> Run(Scope scope, List<PathValue> focus)
    {
        if (focus.Count is 0) return Items.None;
        scope.Step(focus.Count);
        if (isFirst && char.IsAsciiLetterUpper(name[0]) && focus is [{ Type: { } type }])
        {
            if (type == name) return focus;
            if (Types.Is(type, name, scope.Context.Model)) return focus;
        }

        var children = new List<PathValue>(focus.Count);
        foreach (var item in focus)
        {
            if (scope.Context.IsStrict && !Navigation.Has(item, name, scope.Context.Model)) throw new FhirPathException($"{item.Type} has no {name}.");
            Navigation.Children(item, name, scope.Context.Model, children);
        }

        return children;
    }
}

/// <summary><c>a.b</c>.</summary>
internal sealed class Dot(Node left, Node right) : Node(Above(left, right))
{
    public Node Left => left;

    public Node Right => right;

    public override List<PathValue> Run(Scope scope, List<PathValue> focus) => right.Run(scope, left.Run(scope, focus));
}

/// <summary><c>a[n]</c>.</summary>
internal sealed class Indexer(Node left, Node index) : Node(Above(left, index))
{
    public override List<PathValue> Run(Scope scope, List<PathValue> focus)
    {
        var items = left.Run(scope, focus);
        return Items.Whole(index.Run(scope, focus)) is { } at && at >= 0 && at < items.Count ? [items[(int)at]] : Items.None;
    }
}

/// <summary>A function call with its arguments not yet evaluated.</summary>
internal sealed class Call(string name, Node[] arguments, int position, FunctionBody? body) : Node(Above(arguments))
{
    public string Name => name;

    public int Count => arguments.Length;

    public Node this[int index] => arguments[index];

    public override List<PathValue> Run(Scope scope, List<PathValue> focus)
    {
        scope.Step();
        if (focus is [{ Value: string text }]) scope.Pay(text.Length);
        if (body is not null) return body(this, scope, focus);
        if (scope.Context.Functions?.TryGetValue(name, out var own) is true)
            return [.. own(focus, [.. arguments.Select(a => (IReadOnlyList<PathValue>)a.Run(scope, scope.This))])];
        throw new FhirPathException($"There is no function {name}().", position);
    }

    /// <summary>An argument that is no criterion: evaluated once, on <c>$this</c>.</summary>
    public List<PathValue> Argument(int index, Scope scope) => index < arguments.Length ? arguments[index].Run(scope.Branch(), scope.This) : Items.None;

    public string? Text(int index, Scope scope) => Items.Text(Argument(index, scope));

    public long? Whole(int index, Scope scope) => Items.Whole(Argument(index, scope));

    public FhirPathException Wrong(string why) => new($"{name}(): {why}", position);
}

internal delegate List<PathValue> FunctionBody(Call call, Scope scope, List<PathValue> focus);

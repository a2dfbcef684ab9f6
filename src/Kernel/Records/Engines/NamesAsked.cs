using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Engines;

/// <summary>Names and keys that a search mentions, so that they are looked up before its statement is written. What is in no dictionary is in no row.</summary>
internal sealed class NamesAsked
{
    public HashSet<string> Types { get; } = new(StringComparer.Ordinal);
    public HashSet<string> Parameters { get; } = new(StringComparer.Ordinal);
    public HashSet<string> Systems { get; } = new(StringComparer.Ordinal);
    public HashSet<string> Counties { get; } = new(StringComparer.Ordinal);
    public HashSet<ResourceKey> Keys { get; } = [];

    public NamesAsked(SearchRequest request, Visibility visibility)
    {
        Types.Add(request.Type);
        foreach (var criterion in request.Criteria) Add(criterion);
        foreach (var key in request.Sort) Parameters.Add(key.Parameter.ToString());
        foreach (var include in request.Includes)
        {
            Types.Add(include.SourceType);
            if (include.TargetType is { } target) Types.Add(target);
            if (include.Parameter is { } parameter) Parameters.Add(parameter.ToString());
        }
        if (visibility is Visibility.Scoped scoped) Counties.UnionWith(scoped.Counties);
    }

    private void Add(Criterion criterion)
    {
        switch (criterion)
        {
            case Criterion.Matches matches:
                Parameters.Add(matches.Parameter.ToString());
                foreach (var value in matches.Values) Add(value);
                break;
            case Criterion.Missing missing:
                Parameters.Add(missing.Parameter.ToString());
                break;
            case Criterion.Chain chain:
                Parameters.Add(chain.Parameter.ToString());
                Types.Add(chain.TargetType);
                foreach (var inner in chain.Inner) Add(inner);
                break;
            case Criterion.AnyOf any:
                foreach (var alternative in any.Alternatives) Add(alternative);
                break;
            case Criterion.Has has:
                Parameters.Add(has.Parameter.ToString());
                Types.Add(has.SourceType);
                foreach (var inner in has.Inner) Add(inner);
                break;
            case Criterion.InCompartment compartment:
                foreach (var parameter in compartment.Parameters) Parameters.Add(parameter.ToString());
                Add(compartment.Owner);
                break;
        }
    }

    private void Add(SearchValue value)
    {
        switch (value)
        {
            case SearchValue.Token { System: { Length: > 0 } system }: Systems.Add(Texts.Exact(system)); break;
            case SearchValue.Quantity { System: { Length: > 0 } system }: Systems.Add(Texts.Exact(system)); break;
            case SearchValue.OfType type: Systems.Add(Texts.Exact(type.System)); break;
            case SearchValue.Reference { Type: { } type, Id: { } id }: Add(new ResourceKey(type, id)); break;
            case SearchValue.Composite composite:
                foreach (var part in composite.Parts) Add(part);
                break;
        }
    }

    private void Add(ResourceKey key)
    {
        Types.Add(key.Type);
        Keys.Add(key);
    }
}

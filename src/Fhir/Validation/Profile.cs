using System.Text.Json;
using Tongxin.Fhir.FhirPath;
using Tongxin.Fhir.Model;

namespace Tongxin.Fhir.Validation;

/// <summary>A StructureDefinition compiled for checking: what it narrows beyond the base type.</summary>
/// <remarks>
/// Understands min, max, fixed, pattern, types of a choice, required bindings, slicing by value, pattern, type or existence, and invariants.
/// Slicing by profile is not understood and refuses to compile, so that nothing passes unchecked. Immutable.
/// </remarks>
public sealed class Profile
{
    private readonly ElementRule root;

    private Profile(string url, string type, string? parent, ElementRule root) => (Url, Type, Parent, this.root) = (url, type, parent, root);

    /// <summary>Canonical without version.</summary>
    public string Url { get; }

    public string Type { get; }

    /// <summary>Canonical of the definition that this one narrows further.</summary>
    public string? Parent { get; }

    /// <summary>Reads a StructureDefinition: its differential, or its snapshot where there is no differential.</summary>
    /// <exception cref="RefusedException">422 when it cannot be used as a profile.</exception>
    public static Profile Read(JsonElement definition)
    {
        var url = Text(definition, "url") ?? throw Refused("A profile has a url.", "url");
        var type = Text(definition, "type") ?? throw Refused("A profile has a type.", "type");
        var view = definition.TryGetProperty("differential"u8, out var differential) ? differential
            : definition.TryGetProperty("snapshot"u8, out var snapshot) ? snapshot
            : throw Refused("A profile has a differential or a snapshot.", "differential");
        if (!view.TryGetProperty("element"u8, out var elements) || elements.ValueKind is not JsonValueKind.Array) throw Refused("A profile has elements.", "differential.element");

        var whole = new ElementRule(type);
        var at = 0;
        foreach (var element in elements.EnumerateArray())
        {
            var id = Text(element, "id") ?? Text(element, "path") ?? throw Refused("An element has a path.", $"differential.element[{at}]");
            var steps = id.Split('.');
            if (steps[0] != type) throw Refused($"The path '{id}' does not begin with {type}.", $"differential.element[{at}].path");
            var rule = whole;
            foreach (var step in steps.Skip(1)) rule = rule.Child(step);
            ElementRuleReader.Fill(rule, element, $"StructureDefinition.differential.element[{at++}]");
        }

        return new(url, type, Text(definition, "baseDefinition"), whole);
    }

    internal IEnumerable<Issue> Check(JsonElement resource, IFhirModel model, ValidationRules rules)
    {
        if (Text(resource, "resourceType") is { } actual && actual != Type)
            return [Issue.Error("structure", $"The profile {Url} is about {Type}, not {actual}.", actual + ".meta.profile")];
        var check = new ProfileCheck(model, rules, resource, Url);
        check.Element(root, resource, Type, Type);
        // A profile of a profile; FHIR's own types are checked by the validator itself.
        return Parent is not null && rules.Profile(Parent) is { } parent && parent.Url != Url ? check.Issues.Concat(parent.Check(resource, model, rules)) : check.Issues;
    }

    internal static string? Text(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var found) && found.ValueKind is JsonValueKind.String ? found.GetString() : null;

    internal static RefusedException Refused(string diagnostics, string where) => RefusedException.Because(422, "structure", diagnostics, "StructureDefinition." + where);
}

/// <summary>What a profile says about one element, or about one slice of it.</summary>
internal sealed class ElementRule(string name)
{
    /// <summary>JSON name; <c>value[x]</c> for a choice.</summary>
    public string Name => name;

    public int Min { get; set; }
    public int Max { get; set; } = int.MaxValue;
    public JsonElement? Fixed { get; set; }
    public JsonElement? Pattern { get; set; }
    public string? Binding { get; set; }
    public IReadOnlyList<string> Types { get; set; } = [];

    /// <summary>Canonical of the extension that a slice of <c>extension</c> stands for.</summary>
    public string? ExtensionUrl { get; set; }

    public IReadOnlyList<(string Type, string Path)> Discriminators { get; set; } = [];
    public bool IsClosed { get; set; }
    public IReadOnlyList<(string Key, string Human, FhirPathExpression Expression)> Constraints { get; set; } = [];
    public Dictionary<string, ElementRule> Children { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, ElementRule> Slices { get; } = new(StringComparer.Ordinal);

    /// <summary><c>component</c> or <c>component:systolic</c>.</summary>
    public ElementRule Child(string step)
    {
        var colon = step.IndexOf(':', StringComparison.Ordinal);
        var bare = colon < 0 ? step : step[..colon];
        if (!Children.TryGetValue(bare, out var child)) child = Children[bare] = new(bare);
        if (colon < 0) return child;
        var slice = step[(colon + 1)..];
        return child.Slices.TryGetValue(slice, out var known) ? known : child.Slices[slice] = new(bare);
    }
}

using System.Text.Json;
using Tongxin.Fhir.FhirPath;
using Tongxin.Fhir.Model;

namespace Tongxin.Fhir.Validation;

/// <summary>One resource against one profile.</summary>
internal sealed class ProfileCheck(IFhirModel model, ValidationRules rules, JsonElement resource, string profile)
{
    private readonly List<Issue> issues = [];

    public IReadOnlyList<Issue> Issues => issues;

    /// <summary>The value itself, then its children.</summary>
    public void Element(ElementRule rule, JsonElement value, string? type, string path)
    {
        if (issues.Count >= Validator.MostIssues) return;
        if (rule.Fixed is { } exact && !JsonElement.DeepEquals(exact, value)) Error("value", $"must be {Quote.Short(exact.GetRawText())}", path);
        if (rule.Pattern is { } pattern && !Fits(pattern, value)) Error("value", $"must have {Quote.Short(pattern.GetRawText())}", path);
        if (rule.Types.Count > 0 && rule.Name.EndsWith("[x]", StringComparison.Ordinal) && type is not null && !rule.Types.Contains(type))
            Error("structure", $"may be {string.Join(" or ", rule.Types)}, not {type}", path);
        if (rule.Binding is not null && !IsBound(rule.Binding, value)) Error("code-invalid", $"has no code of {rule.Binding}", path);
        foreach (var (key, human, expression) in rule.Constraints) Constraint(key, human, expression, Navigation.Typed(type, value, default, model), path);
        if (value.ValueKind is not JsonValueKind.Object) return;
        foreach (var child in rule.Children.Values) Children(child, value, type, path);
    }

    private void Children(ElementRule rule, JsonElement owner, string? ownerType, string path)
    {
        var found = Values(rule.Name, owner, ownerType, path).ToList();
        Count(rule, found.Count, path, rule.Name);
        var taken = rule.Slices.Keys.ToDictionary(slice => slice, _ => 0, StringComparer.Ordinal);
        foreach (var (value, type, at) in found)
        {
            Element(rule, value, type, at);
            if (rule.Slices.Count is 0) continue;
            var slice = rule.Slices.FirstOrDefault(s => IsIn(rule, s.Key, s.Value, value, type));
            if (slice.Value is not null)
            {
                taken[slice.Key]++;
                Element(slice.Value, value, type, at);
            }
            else if (rule.IsClosed) Error("structure", "is none of the allowed slices", at);
        }

        foreach (var (name, slice) in rule.Slices) Count(slice, taken[name], path, $"{rule.Name}:{name}");
    }

    private void Count(ElementRule rule, int count, string path, string name)
    {
        if (count < rule.Min) Error("required", $"{name} must occur at least {rule.Min} times, not {count}", path);
        if (count > rule.Max) Error("structure", $"{name} may occur at most {rule.Max} times, not {count}", path);
    }

    private bool IsIn(ElementRule sliced, string sliceName, ElementRule slice, JsonElement value, string? type)
    {
        if (slice.ExtensionUrl is { } url) return Profile.Text(value, "url") == url;
        if (sliced.Name.EndsWith("[x]", StringComparison.Ordinal) && sliced.Discriminators.Count is 0)
            return type is not null && sliceName == sliced.Name[..^3] + char.ToUpperInvariant(type[0]) + type[1..];
        return sliced.Discriminators.Count > 0 && sliced.Discriminators.All(d => Matches(d.Type, d.Path, slice, value, type));
    }

    private bool Matches(string kind, string path, ElementRule slice, JsonElement value, string? type)
    {
        var rule = slice;
        List<(JsonElement Value, string? Type)> reached = [(value, type)];
        foreach (var step in path is "$this" ? [] : path.Split('.'))
        {
            rule = rule?.Children.GetValueOrDefault(step) ?? rule?.Children.GetValueOrDefault(step + "[x]");
            reached = [.. reached.SelectMany(r => Values(step, r.Value, r.Type, "").Select(v => (v.Value, v.Type)))];
        }

        if (rule is null) return false;
        return kind switch
        {
            "exists" => rule.Min > 0 ? reached.Count > 0 : rule.Max > 0 || reached.Count is 0,
            "type" => rule.Types.Count > 0 && reached.Exists(r => r.Type is not null && rule.Types.Contains(r.Type)),
            _ => reached.Exists(r => IsSame(rule, r.Value)),
        };
    }

    // A slice is told by what is fixed anywhere at or below the discriminator: code.coding.code as well as code.
    private bool IsSame(ElementRule rule, JsonElement value)
    {
        var says = rule.Fixed is not null || rule.Pattern is not null || rule.Binding is not null;
        if (rule.Fixed is { } exact && !JsonElement.DeepEquals(exact, value)) return false;
        if (rule.Pattern is { } pattern && !Fits(pattern, value)) return false;
        if (rule.Binding is { } set && !IsBound(set, value)) return false;
        foreach (var child in rule.Children.Values)
        {
            if (!SaysAnything(child)) continue;
            says = true;
            if (!Values(child.Name, value, null, "").Any(v => IsSame(child, v.Value))) return false;
        }

        return says;
    }

    private static bool SaysAnything(ElementRule rule) => rule.Fixed is not null || rule.Pattern is not null || rule.Children.Values.Any(SaysAnything);

    private IEnumerable<(JsonElement Value, string? Type, string Path)> Values(string name, JsonElement owner, string? ownerType, string path)
    {
        if (owner.ValueKind is not JsonValueKind.Object) yield break;
        var known = ownerType is null ? null : model.Type(ownerType);
        var choice = name.EndsWith("[x]", StringComparison.Ordinal) ? name[..^3] : known?.Elements.GetValueOrDefault(name) is { IsChoice: true } ? name : null;
        foreach (var member in owner.EnumerateObject())
        {
            string? type;
            if (choice is not null)
            {
                if (known is null ? !IsChoiceName(member.Name, choice) : known.Choices.GetValueOrDefault(member.Name).Element?.Name != choice) continue;
                type = known?.Choices[member.Name].Type;
            }
            else if (member.Name == name) type = known?.Elements.GetValueOrDefault(name)?.Types is [var single] ? single : known?.Choices.GetValueOrDefault(name).Type;
            else continue;

            var at = $"{path}.{choice ?? name}";
            if (member.Value.ValueKind is not JsonValueKind.Array)
            {
                yield return (member.Value, type, at);
                continue;
            }

            var index = 0;
            foreach (var item in member.Value.EnumerateArray()) yield return (item, type, $"{at}[{index++}]");
        }
    }

    private static bool IsChoiceName(string member, string choice) =>
        member.Length > choice.Length && member.StartsWith(choice, StringComparison.Ordinal) && char.IsAsciiLetterUpper(member[choice.Length]);

    private void Constraint(string key, string human, FhirPathExpression expression, PathValue value, string path)
    {
        try
        {
            var answer = expression.Evaluate(value, new() { Model = model, Resource = resource, MemberOf = rules.IsMember });
            if (answer is not [{ Value: true }]) Error("invariant", $"{human} ({key})", path);
        }
        catch (FhirPathException wrong)
        {
            Error("invariant", $"{key} could not be evaluated: {Quote.Short(wrong.Message)}", path);
        }
    }

    private bool IsBound(string set, JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.String) return rules.IsMember(set, null, value.GetString()!) is not false;
        if (value.ValueKind is not JsonValueKind.Object) return true;
        if (Profile.Text(value, "code") is { } code) return rules.IsMember(set, Profile.Text(value, "system"), code) is not false;
        return value.TryGetProperty("coding"u8, out var codings) && codings.ValueKind is JsonValueKind.Array
            ? codings.EnumerateArray().Any(c => IsBound(set, c))
            : !value.TryGetProperty("text"u8, out _);
    }

    /// <summary>Everything that the pattern has, the value has too; each item of a pattern's array is matched by some item.</summary>
    private static bool Fits(JsonElement pattern, JsonElement value)
    {
        if (pattern.ValueKind != value.ValueKind) return false;
        return pattern.ValueKind switch
        {
            JsonValueKind.Object => pattern.EnumerateObject().All(p => value.TryGetProperty(p.Name, out var found) && Fits(p.Value, found)),
            JsonValueKind.Array => pattern.EnumerateArray().All(p => value.EnumerateArray().Any(v => Fits(p, v))),
            _ => JsonElement.DeepEquals(pattern, value),
        };
    }

    private void Error(string code, string what, string path)
    {
        if (issues.Count < Validator.MostIssues) issues.Add(Issue.Error(code, $"{Quote.Short(path)}: {what} (profile {profile}).", path));
    }
}

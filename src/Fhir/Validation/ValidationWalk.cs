using System.Text.Json;
using Tongxin.Fhir.Model;

namespace Tongxin.Fhir.Validation;

/// <summary>One validation under way: where it stands and what it has found.</summary>
internal sealed class ValidationWalk(Validator validator, ValidationRules rules, IFhirModel model)
{
    /// <summary>Deeper than the gate lets in; a caller without a gate must not overflow the stack.</summary>
    public const int DeepestNesting = 128;

    private readonly ValidationPlace place = new();
    private readonly List<Issue> issues = [];
    private ContainedResources? contained;

    public IReadOnlyList<Issue> Issues => issues;

    private bool IsFull => issues.Count >= Validator.MostIssues;

    public void Error(string code, string diagnostics, string? below = null)
    {
        if (!IsFull) issues.Add(Issue.Error(code, diagnostics, place.Path(below)));
    }

    public void Root(JsonElement resource)
    {
        if (ResourceCheck(resource) is not { } check) return;
        place.Start(check.Name);
        Resource(check, resource);
    }

    /// <summary>A claimed profile that is not known here is no error: the sender may follow other guides.</summary>
    public void Profile(JsonElement resource, string canonical, bool isClaimed)
    {
        if (rules.Profile(canonical) is { } profile)
            foreach (var issue in profile.Check(resource, model, rules))
                if (!IsFull) issues.Add(issue);
                else break;
        else if (!isClaimed) Error("not-found", $"The profile '{Quote.Short(canonical)}' is not known here.");
    }

    private TypeCheck? ResourceCheck(JsonElement resource)
    {
        if (resource.ValueKind is not JsonValueKind.Object)
        {
            Error("structure", "A resource is a JSON object.");
            return null;
        }

        if (!resource.TryGetProperty("resourceType"u8, out var type) || type.ValueKind is not JsonValueKind.String)
        {
            Error("required", "The resource has no resourceType.");
            return null;
        }

        if (validator.Check(type.GetString()!) is { IsResource: true, Name: not ("Resource" or "DomainResource") } check) return check;
        Error("structure", $"'{Quote.Short(type.GetString()!)}' is not a resource type of FHIR R4.");
        return null;
    }

    private void Resource(TypeCheck check, JsonElement resource)
    {
        var outer = contained;
        contained = ContainedResources.In(resource);
        Object(check, resource);
        contained?.Check(resource, this);
        contained = outer;
        if (resource.TryGetProperty("meta"u8, out var meta) && meta.ValueKind is JsonValueKind.Object &&
            meta.TryGetProperty("profile"u8, out var claimed) && claimed.ValueKind is JsonValueKind.Array && place.IsRoot)
            foreach (var profile in claimed.EnumerateArray())
                if (profile.ValueKind is JsonValueKind.String) Profile(resource, profile.GetString()!, isClaimed: true);
    }

    private void Object(TypeCheck check, JsonElement value, bool hasValue = false)
    {
        if (value.ValueKind is not JsonValueKind.Object)
        {
            Error("structure", $"{check.Name} is an object, not {Quote.Kind(value)}.");
            return;
        }

        UInt128 seen = 0;
        Span<byte> chosen = stackalloc byte[check.Choices];
        var members = 0;
        Slot? only = null;
        foreach (var member in value.EnumerateObject())
        {
            if (IsFull) return;
            members++;
            if (check.Members[member] is not { } slot)
            {
                Error("structure", $"{check.Name} has no element '{Quote.Short(member.Name)}'.", Quote.Short(member.Name));
                continue;
            }

            only = slot;
            if (ReferenceEquals(slot, Slot.ResourceType)) continue;
            if (slot.Choice is { } choice && chosen[choice] != slot.ChoiceNumber)
            {
                if (chosen[choice] is not 0) Error("structure", $"{check.Name}.{slot.Element}[x] may be given in one type only.", slot.Element);
                chosen[choice] = slot.ChoiceNumber;
            }

            seen |= slot.Bit;
            Member(slot, member.Value, value);
        }

        // ele-1: an element has a value or children; an id alone is neither.
        if (!check.IsResource && (members is 0 || (members is 1 && !hasValue && only is { Member: "id" }))) Error("invariant", $"{check.Name} is empty (ele-1).");
        if ((check.Required & ~seen) is var missing && missing != 0) Missing(check, missing);
        foreach (var invariant in check.Invariants)
            if (!IsFull && !invariant.Holds(value)) Error("invariant", $"{invariant.Human} ({invariant.Key})");
    }

    private void Missing(TypeCheck check, UInt128 missing)
    {
        for (var i = 0; i < check.Elements.Length; i++)
            if ((missing & (UInt128.One << i)) != 0) Error("required", $"{check.Name}.{check.Elements[i]} is missing.", check.Elements[i]);
    }

    private void Member(Slot slot, JsonElement value, JsonElement owner)
    {
        if (!slot.IsList)
        {
            place.Push(slot.Element, -1);
            if (value.ValueKind is JsonValueKind.Array) Error("structure", $"{slot.Element} is a single value, not an array.");
            else Value(slot, value, slot.IsSibling && owner.TryGetProperty(slot.Member.AsSpan(1), out _));
            place.Pop();
            return;
        }

        if (value.ValueKind is not JsonValueKind.Array)
        {
            Error("structure", $"{slot.Element} is an array, not {Quote.Kind(value)}.", slot.Element);
            return;
        }

        var at = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (IsFull) return;
            place.Push(slot.Element, at);
            var hasPartner = (slot.IsSibling || item.ValueKind is JsonValueKind.Null) && HasPartner(slot, owner, at);
            if (item.ValueKind is not JsonValueKind.Null || !hasPartner) Value(slot, item, hasPartner);
            place.Pop();
            at++;
        }

        if (at is 0) Error("structure", $"{slot.Element} is an empty array; leave it out.", slot.Element);
    }

    // FHIR R4 §2.6.2.3: null stands in an array of primitives where only the partner array has something, and the other way round.
    private static bool HasPartner(Slot slot, JsonElement owner, int at)
    {
        if (slot.Primitive is null && !slot.IsSibling) return false;
        return owner.TryGetProperty(slot.IsSibling ? slot.Member[1..] : "_" + slot.Member, out var partner) && partner.ValueKind is JsonValueKind.Array &&
            partner.GetArrayLength() > at && partner[at].ValueKind is not JsonValueKind.Null;
    }

    /// <param name="hasValue">The primitive whose id and extensions these are has a value besides.</param>
    private void Value(Slot slot, JsonElement value, bool hasValue = false)
    {
        if (slot.Primitive is { } primitive)
        {
            Primitive(slot, primitive, value);
            return;
        }

        if (place.Depth > DeepestNesting)
        {
            Error("too-costly", "The resource is nested too deeply.");
            return;
        }

        if (slot.IsAnyResource)
        {
            if (ResourceCheck(value) is not { } check) return;
            // A contained resource shares the fate of its container; an entry's resource stands for itself.
            if (slot.Element is "contained") Object(check, value);
            else Resource(check, value);
            return;
        }

        Object(slot.Check, value, hasValue);
        if (slot.Type is "Reference") Reference(slot, value);
    }

    private void Primitive(Slot slot, PrimitiveKind kind, JsonElement value)
    {
        if (Primitives.Wrong(kind, value) is { } wrong)
        {
            Error("value", wrong);
            return;
        }

        if (slot.Binding is not null && rules.IsMember(slot.Binding, null, value.GetString()!) is false)
            Error("code-invalid", $"'{Quote.Short(value.GetString()!)}' is not a code of {slot.Binding}.");
        if (kind is PrimitiveKind.Uri or PrimitiveKind.Canonical) contained?.Mention(value);
    }

    private void Reference(Slot slot, JsonElement value)
    {
        if (value.ValueKind is not JsonValueKind.Object || !value.TryGetProperty("reference"u8, out var reference) || reference.ValueKind is not JsonValueKind.String) return;
        var text = reference.GetString()!;
        if (text.StartsWith('#'))
        {
            if (text.Length > 1 && contained?.Has(text) is not true) Error("not-found", $"There is no contained resource '{Quote.Short(text)}' (ref-1).", "reference");
            contained?.Mention(text);
            return;
        }

        if (slot.Targets.Count is 0 || ReferencedType(text) is not { } type || slot.Targets.Contains(type) || slot.Targets.Contains("Resource")) return;
        Error("value", $"{slot.Element} may not point to a {type}, only to {string.Join(", ", slot.Targets)}.", "reference");
    }

    /// <summary>Only a relative reference tells its type for certain.</summary>
    private string? ReferencedType(string reference)
    {
        var end = reference.IndexOfAny(['/', '?']);
        if (end <= 0 || !char.IsAsciiLetterUpper(reference[0])) return null;
        var name = reference[..end];
        if (validator.Check(name) is { IsResource: true }) return name;
        Error("value", $"'{Quote.Short(name)}' is not a resource type of FHIR R4.", "reference");
        return null;
    }
}

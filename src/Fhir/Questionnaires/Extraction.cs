using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir.Model;

namespace Tongxin.Fhir.Questionnaires;

/// <summary>One resource that a form's answers say. Its slot is stable, so that a corrected form rewrites the same resource.</summary>
/// <param name="Slot">Name of the item (and row) it came from.</param>
public sealed record Extracted(string Type, string Slot, JsonObject Body);

/// <summary>What an extraction is about and by whom.</summary>
/// <param name="Subject">Reference of the person, <c>Patient/…</c>.</param>
/// <param name="Response">Reference of the QuestionnaireResponse, which every extracted Observation is derived from.</param>
/// <param name="Effective">Clinical time, an FHIR dateTime.</param>
/// <param name="Performer">Reference of who answers for it; null when nobody is named.</param>
public sealed record ExtractionFrame(string Subject, string Response, string Effective, string? Performer, string? Encounter = null);

/// <summary>Makes resources from answers: Observations of marked questions (SDC observation-based), and whole resources of marked groups (definition-based).</summary>
public static class Extraction
{
    public static IReadOnlyList<Extracted> Of(Filling filling, ExtractionFrame frame, IFhirModel model)
    {
        var made = new List<Extracted>();
        foreach (var item in filling.Items) Visit(item, frame, model, made);
        return made;
    }

    private static void Visit(FilledItem item, ExtractionFrame frame, IFhirModel model, List<Extracted> made)
    {
        if (!item.Enabled || !item.HasContent) return;
        if (item.Item.ExtractsResource is { } type) made.Add(new(type, item.Name, Resource(item, type, frame, model)));
        if (item.Item is { ExtractsObservation: true, Codes.Count: > 0 })
        {
            if (item.Item.Type is ItemType.Group)
            {
                if (Panel(item, frame) is { } panel) made.Add(new("Observation", item.Name, panel));
                return;
            }

            foreach (var (i, answer) in item.Answers.Index())
                made.Add(new("Observation", item.Answers.Count > 1 ? $"{item.Name}#{i}" : item.Name, Single(item, answer, frame)));
        }

        foreach (var child in item.Children) Visit(child, frame, model, made);
    }

    private static JsonObject Single(FilledItem item, Answer answer, ExtractionFrame frame)
    {
        var observation = Head(item.Item, frame);
        Value(observation, answer, item.Item);
        return observation;
    }

    /// <summary>A group with a code is one Observation with its children as components, as blood pressure is.</summary>
    private static JsonObject? Panel(FilledItem group, ExtractionFrame frame)
    {
        var components = new JsonArray();
        foreach (var child in group.Children.Where(c => c is { Enabled: true, Item.Codes.Count: > 0, Answers.Count: > 0 }))
        {
            var component = new JsonObject { ["code"] = Code(child.Item) };
            Value(component, child.Answers[0], child.Item);
            components.Add(component);
        }

        if (components.Count is 0) return null;
        var observation = Head(group.Item, frame);
        observation["component"] = components;
        return observation;
    }

    private static JsonObject Head(FormItem item, ExtractionFrame frame)
    {
        var observation = new JsonObject
        {
            ["resourceType"] = "Observation",
            ["status"] = "final",
            ["code"] = Code(item),
            ["subject"] = new JsonObject { ["reference"] = frame.Subject },
        };
        if (frame.Encounter is { } encounter) observation["encounter"] = new JsonObject { ["reference"] = encounter };
        observation["effectiveDateTime"] = frame.Effective;
        if (frame.Performer is { } performer) observation["performer"] = new JsonArray(new JsonObject { ["reference"] = performer });
        observation["derivedFrom"] = new JsonArray(new JsonObject { ["reference"] = frame.Response });
        return observation;
    }

    private static JsonObject Code(FormItem item) => new()
    {
        ["coding"] = new JsonArray([.. item.Codes.Select(c => JsonSerializer.SerializeToNode(c))]),
        ["text"] = item.Text,
    };

    private static void Value(JsonObject target, Answer answer, FormItem item)
    {
        switch (answer.Type)
        {
            case "Coding":
                target["valueCodeableConcept"] = new JsonObject { ["coding"] = new JsonArray(JsonSerializer.SerializeToNode(answer.Value)) };
                break;
            case "Decimal" or "Integer" when item.Unit is { } unit:
                target["valueQuantity"] = new JsonObject
                {
                    ["value"] = answer.Number, ["unit"] = unit.Text("display") ?? unit.Text("code"), ["system"] = unit.Text("system"), ["code"] = unit.Text("code"),
                };
                break;
            case "Decimal":
                target["valueQuantity"] = new JsonObject { ["value"] = answer.Number };
                break;
            case "Date":
                target["valueDateTime"] = answer.ToString();
                break;
            case "Uri" or "Text":
                target["valueString"] = answer.ToString();
                break;
            case "Attachment" or "Reference":
                break;
            default:
                target["value" + answer.Type] = JsonSerializer.SerializeToNode(answer.Value);
                break;
        }
    }

    private static JsonObject Resource(FilledItem item, string type, ExtractionFrame frame, IFhirModel model)
    {
        var resource = new JsonObject { ["resourceType"] = type };
        var elements = model.Type(type)?.Elements;
        foreach (var (path, value) in item.Item.ExtractedValues) Put(resource, path, JsonSerializer.SerializeToNode(value), type, model);
        foreach (var below in item.SelfAndBelow().Where(b => b.Enabled && b.Item.Definition is not null))
            foreach (var answer in below.Answers)
                Put(resource, below.Item.Definition!, JsonSerializer.SerializeToNode(answer.Value), type, model);

        foreach (var name in new[] { "subject", "patient", "for" })
            if (elements?.ContainsKey(name) is true && !resource.ContainsKey(name)) resource[name] = new JsonObject { ["reference"] = frame.Subject };
        if (elements?.ContainsKey("effective") is true && !resource.Any(m => m.Key.StartsWith("effective", StringComparison.Ordinal)))
            resource["effectiveDateTime"] = frame.Effective;
        if (elements?.ContainsKey("derivedFrom") is true) resource["derivedFrom"] = new JsonArray(new JsonObject { ["reference"] = frame.Response });
        return resource;
    }

    /// <summary>Puts a value at <c>…#Type.a.b</c>; elements that FHIR repeats get one entry, and a further answer to the same leaf a further entry.</summary>
    private static void Put(JsonObject resource, string definition, JsonNode? value, string type, IFhirModel model)
    {
        var path = definition[(definition.IndexOf('#', StringComparison.Ordinal) + 1)..].Split('.');
        var target = resource;
        var owner = type;
        for (var i = 1; i < path.Length; i++)
        {
            var (list, next) = Element(owner, path[i], model);
            var last = i == path.Length - 1;
            if (last && list) (target[path[i]] as JsonArray ?? Add(target, path[i])).Add(value);
            else if (last) target[path[i]] = value;
            else target = Step(target, path[i], list);
            owner = next ?? owner;
        }
    }

    private static JsonObject Step(JsonObject target, string name, bool list)
    {
        if (!list) return target[name] as JsonObject ?? (JsonObject)(target[name] = new JsonObject());
        var array = target[name] as JsonArray ?? Add(target, name);
        if (array.Count is 0) array.Add(new JsonObject());
        return (JsonObject)array[0]!;
    }

    private static JsonArray Add(JsonObject target, string name)
    {
        var array = new JsonArray();
        target[name] = array;
        return array;
    }

    private static (bool IsList, string? Type) Element(string owner, string name, IFhirModel model)
    {
        if (model.Type(owner) is not { } type) return (false, null);
        if (type.Elements.TryGetValue(name, out var element))
            return (element.IsList, element.Types is ["BackboneElement"] or ["Element"] ? $"{owner}.{name}" : element.Types is [var first, ..] ? first : null);
        return type.Choices.TryGetValue(name, out var choice) ? (choice.Element.IsList, choice.Type) : (false, null);
    }
}

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tongxin.Fhir;
using Tongxin.Fhir.Questionnaires;

namespace Tongxin.Kernel.Programmes.Packages;

/// <summary>The short way to write a form: turns a package's questionnaire file into a plain SDC Questionnaire.</summary>
/// <remarks>
/// <c>link, text, en, type, choices, exclusive, unit, range, usual, initial, prefill, calculated, when, constraint, observation, code, extract, set,
/// definition, control, items</c>. In expressions <c>@(link)</c> stands for the answers of a question; <c>prefill: previous</c> for the last visit's answer.
/// </remarks>
internal sealed partial class QuestionnaireYaml(YamlDocument document, string edition, List<Issue> issues)
{
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "link", "linkId", "text", "en", "type", "prefix", "required", "repeats", "readonly", "hidden", "max-length", "choices", "system", "exclusive", "value-set", "unit",
        "range", "usual", "initial", "prefill", "calculated", "when", "when-any", "constraint", "observation", "code", "extract", "set", "definition", "control", "items", "note",
    };

    private readonly SortedSet<string> picked = new(StringComparer.Ordinal);

    public JsonObject Convert()
    {
        var root = document.Root;
        var id = (string?)root["id"] ?? "";
        if (!Records.ResourceKey.IsLegalId(id)) issues.Add(document.Fault(root["id"] ?? root, "value", "表单需要 id（字母、数字、连字符）。"));
        var items = Items(root);
        var extensions = new JsonArray([.. picked.Select(Variable)]);
        foreach (var (name, expression) in root["variables"] as JsonObject ?? [])
            extensions.Add(Extension(SdcUrls.Variable, Expression(Expand((string?)expression ?? ""), name)));

        var questionnaire = new JsonObject
        {
            ["resourceType"] = "Questionnaire",
            ["id"] = id,
            ["url"] = ProgrammeCodes.Canonical("Questionnaire", id),
            ["version"] = (string?)root["version"] ?? edition,
            ["name"] = id,
            ["title"] = (string?)root["title"] ?? id,
            ["status"] = "active",
            ["subjectType"] = new JsonArray("Patient"),
        };
        if ((string?)root["citation"] is { } citation) questionnaire["copyright"] = citation;
        if (extensions.Count > 0) questionnaire["extension"] = extensions;
        questionnaire["item"] = items;
        return questionnaire;
    }

    private JsonArray Items(JsonObject parent) => [.. (parent["items"] as JsonArray ?? []).OfType<JsonObject>().Select(Item)];

    private JsonObject Item(JsonObject source)
    {
        foreach (var (name, _) in source)
            if (!Known.Contains(name)) issues.Add(document.Fault(source, "structure", $"题目里没有“{name}”这个写法。"));

        var link = (string?)source["link"] ?? (string?)source["linkId"] ?? "";
        var item = new JsonObject { ["linkId"] = link };
        if ((string?)source["prefix"] is { } prefix) item["prefix"] = prefix;
        item["text"] = (string?)source["text"] ?? link;
        if ((string?)source["en"] is { } english) item["_text"] = Translated(english);
        item["type"] = (string?)source["type"]
            ?? (source["items"] is not null && source["choices"] is null ? "group"
            : source["choices"] is not null || source["value-set"] is not null ? "choice" : "string");
        foreach (var flag in new[] { "required", "repeats" })
            if (source[flag] is { } value) item[flag] = (bool)value;
        if (source["readonly"] is { } readOnly) item["readOnly"] = (bool)readOnly;
        if (source["max-length"] is { } most) item["maxLength"] = (int)most;
        if ((string?)source["definition"] is { } definition) item["definition"] = Definition(definition);
        if (((string?)source["observation"] ?? (string?)source["code"]) is { } code) item["code"] = new JsonArray([.. code.Split(", ").Select(c => (JsonNode)Coding(c))]);
        if ((string?)source["value-set"] is { } valueSet)
            item["answerValueSet"] = valueSet.Contains("://", StringComparison.Ordinal) ? valueSet : ProgrammeCodes.Canonical("ValueSet", valueSet);
        Choices(source, item, link);
        Conditions(source, item);
        Initial(source, item);
        var extensions = Extensions(source, item, link);
        if (extensions.Count > 0) item["extension"] = extensions;
        if (source["items"] is JsonArray) item["item"] = Items(source);
        return item;
    }

    private void Choices(JsonObject source, JsonObject item, string link)
    {
        if (source["choices"] is not JsonObject choices) return;
        var system = (string?)source["system"] ?? $"https://tongxin.health/cs/{link}";
        var exclusive = (source["exclusive"] as JsonArray ?? []).Select(e => e?.ToString()).ToHashSet(StringComparer.Ordinal);
        foreach (var strange in exclusive.Where(e => e is not null && !choices.ContainsKey(e)))
            issues.Add(document.Fault(source, "code-invalid", $"exclusive 里的“{strange}”不是选项。"));
        item["answerOption"] = new JsonArray([.. choices.Select(c =>
        {
            var option = new JsonObject { ["valueCoding"] = new JsonObject { ["system"] = system, ["code"] = c.Key, ["display"] = c.Value?.ToString() ?? c.Key } };
            if (exclusive.Contains(c.Key)) option["extension"] = new JsonArray(new JsonObject { ["url"] = SdcUrls.OptionExclusive, ["valueBoolean"] = true });
            return (JsonNode)option;
        })]);
    }

    private void Conditions(JsonObject source, JsonObject item)
    {
        var any = source["when-any"] is not null;
        if ((any ? source["when-any"] : source["when"]) is not JsonNode when || when is JsonValue) return;
        var conditions = when is JsonArray list ? list.OfType<JsonObject>() : [(JsonObject)when];
        item["enableWhen"] = new JsonArray([.. conditions.Select(c => (JsonNode)Condition(c))]);
        item["enableBehavior"] = any ? "any" : "all";
    }

    private JsonObject Condition(JsonObject source)
    {
        var question = (string?)source["question"] ?? "";
        var (name, value) = source.FirstOrDefault(m => m.Key is not "question");
        var sign = name switch { "equals" => "=", "not" => "!=", "exists" => "exists", "above" => ">", "below" => "<", "at-least" => ">=", "at-most" => "<=", _ => "" };
        if (sign.Length is 0) issues.Add(document.Fault(source, "structure", "条件应写 equals、not、exists、above、below、at-least 或 at-most。"));
        var condition = new JsonObject { ["question"] = question, ["operator"] = sign };
        Answer(condition, "answer", value, Find(document.Root, question), source);
        return condition;
    }

    private void Initial(JsonObject source, JsonObject item)
    {
        if (source["initial"] is not { } initial) return;
        var values = initial is JsonArray list ? list.ToList() : [initial];
        var answers = values.ConvertAll(v =>
        {
            var made = new JsonObject();
            Answer(made, "value", v, source, source);
            return made;
        });
        if (item["answerOption"] is not JsonArray options)
        {
            item["initial"] = new JsonArray([.. answers]);
            return;
        }

        // Among options the first answer is marked at the option itself (Questionnaire, que-11).
        foreach (var option in options.OfType<JsonObject>())
            if (answers.Exists(a => (string?)a["valueCoding"]?["code"] == (string?)option["valueCoding"]?["code"])) option["initialSelected"] = true;
    }

    /// <summary>A bare value becomes the value[x] that the question's type needs; a code becomes the coding of the option.</summary>
    private void Answer(JsonObject target, string stem, JsonNode? value, JsonObject? question, JsonNode place)
    {
        if (question?["choices"] is JsonObject choices)
        {
            var code = value?.ToString() ?? "";
            if (!choices.TryGetPropertyValue(code, out var display) && (string?)target["operator"] is not "exists")
                issues.Add(document.Fault(place, "code-invalid", $"“{code}”不是“{question["text"]}”的选项。"));
            var system = (string?)question["system"] ?? $"https://tongxin.health/cs/{question["link"] ?? question["linkId"]}";
            if ((string?)target["operator"] is not "exists")
            {
                target[stem + "Coding"] = new JsonObject { ["system"] = system, ["code"] = code, ["display"] = display?.ToString() ?? code };
                return;
            }
        }

        var suffix = (value?.GetValueKind(), (string?)question?["type"]) switch
        {
            (System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False, _) => "Boolean",
            (System.Text.Json.JsonValueKind.Number, "integer") => "Integer",
            (System.Text.Json.JsonValueKind.Number, _) => "Decimal",
            (_, "date") => "Date",
            _ => "String",
        };
        target[stem + suffix] = value?.DeepClone();
    }

    private JsonArray Extensions(JsonObject source, JsonObject item, string link)
    {
        var made = new JsonArray();
        void Add(string url, string member, JsonNode? value) => made.Add(new JsonObject { ["url"] = url, [member] = value });

        if (source["hidden"] is { } hidden) Add(SdcUrls.Hidden, "valueBoolean", (bool)hidden);
        if ((string?)source["control"] is { } control) Add(SdcUrls.ItemControl, "valueCodeableConcept", Json.Concept("http://hl7.org/fhir/questionnaire-item-control", control));
        if (source["unit"] is { } unit) Add(SdcUrls.Unit, "valueCoding", Units.Coding(unit.ToString()));
        if (source["range"] is JsonArray range) AddRange(made, range, (string?)item["type"] is "integer");
        if (source["usual"] is JsonArray usual)
            made.Add(new JsonObject { ["url"] = SdcUrls.UsualRange, ["extension"] = new JsonArray(Bound("low", usual[0]), Bound("high", usual[1])) });
        if ((string?)source["prefill"] is { } prefill)
            made.Add(Extension(SdcUrls.InitialExpression, Expression(prefill is "previous" ? $"%previous.repeat(item).where(linkId='{link}').answer.value" : Expand(prefill))));
        if ((string?)source["calculated"] is { } calculated) made.Add(Extension(SdcUrls.CalculatedExpression, Expression(Expand(calculated))));
        if (source["when"] is JsonValue when) made.Add(Extension(SdcUrls.EnableWhenExpression, Expression(Expand(when.ToString()))));
        foreach (var constraint in (source["constraint"] as JsonArray ?? []).OfType<JsonObject>()) made.Add(Constraint(constraint, link));
        if (source["observation"] is not null) Add(SdcUrls.ObservationExtract, "valueBoolean", true);
        if ((string?)source["extract"] is { } type)
            made.Add(new JsonObject { ["url"] = SdcUrls.DefinitionExtract,
                ["extension"] = new JsonArray(new JsonObject { ["url"] = "definition", ["valueCanonical"] = $"http://hl7.org/fhir/StructureDefinition/{type}" }) });
        foreach (var (path, value) in source["set"] as JsonObject ?? [])
            made.Add(new JsonObject { ["url"] = SdcUrls.DefinitionExtractValue, ["extension"] = new JsonArray(
                new JsonObject { ["url"] = "definition", ["valueUri"] = Definition(path) }, new JsonObject { ["url"] = "fixed-value", ["valueString"] = value?.DeepClone() }) });
        return made;
    }

    private static void AddRange(JsonArray made, JsonArray range, bool whole)
    {
        foreach (var (url, value) in new[] { (SdcUrls.MinValue, range[0]), (SdcUrls.MaxValue, range[1]) })
            if (value is not null) made.Add(new JsonObject { ["url"] = url, [whole ? "valueInteger" : "valueDecimal"] = value.DeepClone() });
    }

    private static JsonObject Bound(string url, JsonNode? value) => new() { ["url"] = url, ["valueDecimal"] = value?.DeepClone() };

    private JsonObject Constraint(JsonObject source, string link) => new()
    {
        ["url"] = SdcUrls.Constraint,
        ["extension"] = new JsonArray(
            new JsonObject { ["url"] = "key", ["valueId"] = (string?)source["key"] ?? $"{link}-1" },
            new JsonObject { ["url"] = "severity", ["valueCode"] = (string?)source["severity"] ?? "error" },
            new JsonObject { ["url"] = "expression", ["valueString"] = Expand((string?)source["expression"] ?? "") },
            new JsonObject { ["url"] = "human", ["valueString"] = (string?)source["message"] ?? "" }),
    };

    private string Expand(string expression) => Pick.Replace(expression, match =>
    {
        picked.Add(match.Groups[1].Value);
        return "%" + VariableName(match.Groups[1].Value);
    });

    private JsonObject Variable(string link)
    {
        if (Find(document.Root, link) is null) issues.Add(document.Fault(document.Root, "not-found", $"表达式引用了不存在的题目“{link}”。"));
        return Extension(SdcUrls.Variable, Expression($"%resource.repeat(item).where(linkId='{link}').answer.value", VariableName(link)));
    }

    private static string VariableName(string link) => "q_" + link.Replace('-', '_').Replace('.', '_');

    private static JsonObject Extension(string url, JsonObject expression) => new() { ["url"] = url, ["valueExpression"] = expression };

    private static JsonObject Expression(string text, string? name = null)
    {
        var expression = new JsonObject { ["language"] = "text/fhirpath", ["expression"] = text };
        if (name is not null) expression["name"] = name;
        return expression;
    }

    private static string Definition(string path) => $"http://hl7.org/fhir/StructureDefinition/{path.Split('.')[0]}#{path}";

    private static JsonObject Coding(string text)
    {
        var parts = text.Split('|');
        var coding = new JsonObject { ["system"] = parts[0], ["code"] = parts.Length > 1 ? parts[1] : "" };
        if (parts.Length > 2) coding["display"] = parts[2];
        return coding;
    }

    private static JsonObject Translated(string english) => new()
    {
        ["extension"] = new JsonArray(new JsonObject
        {
            ["url"] = SdcUrls.Translation,
            ["extension"] = new JsonArray(new JsonObject { ["url"] = "lang", ["valueCode"] = "en" }, new JsonObject { ["url"] = "content", ["valueString"] = english }),
        }),
    };

    private static JsonObject? Find(JsonObject parent, string link)
    {
        foreach (var item in (parent["items"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (((string?)item["link"] ?? (string?)item["linkId"]) == link) return item;
            if (Find(item, link) is { } below) return below;
        }

        return null;
    }

    [GeneratedRegex(@"@\(([A-Za-z0-9.\-]+)\)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Pick { get; }
}

/// <summary>Units as forms print them, with their UCUM codes.</summary>
internal static class Units
{
    private static readonly Dictionary<string, string> Ucum = new(StringComparer.Ordinal)
    {
        ["mmHg"] = "mm[Hg]", ["次/分"] = "/min", ["℃"] = "Cel", ["岁"] = "a", ["月"] = "mo", ["周"] = "wk", ["天"] = "d", ["分钟"] = "min", ["小时"] = "h",
        ["kg/m²"] = "kg/m2", ["支/天"] = "{cigarette}/d", ["两/天"] = "{liang}/d", ["次/周"] = "/wk", ["分钟/次"] = "min/{session}", ["次/日"] = "/d", ["次/天"] = "/d",
        ["g/天"] = "g/d", ["次"] = "{times}", ["片"] = "{tablet}", ["U"] = "U", ["个/HP"] = "/[HPF]", ["×10⁹/L"] = "10*9/L", ["μmol/L"] = "umol/L", ["ml/天"] = "mL/d",
        ["分"] = "{score}", ["个"] = "{count}", ["孕周"] = "wk",
    };

    public static JsonObject Coding(string unit) => new()
    {
        ["system"] = "http://unitsofmeasure.org", ["code"] = Ucum.GetValueOrDefault(unit, unit), ["display"] = unit,
    };
}

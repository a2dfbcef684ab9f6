using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Kernel.Programmes;

/// <summary>A verdict as it stands in the record: one Observation for each visit and programme, with the derived facts as components and how they were derived.</summary>
/// <remarks>
/// code = programme, value = class, effective = day of the visit, derivedFrom = the response and what else was read, component = facts
/// (<c>next-date</c>, <c>referral</c>, <c>row</c> and the programme's own), note = the reason, extension <c>derivation</c> = edition, rule, clause, inputs.
/// </remarks>
public sealed class Assessment
{
    public const string NextDate = "next-date";
    public const string ReferralFact = "referral";
    public const string RowFact = "row";

    private Assessment(JsonElement source) => Source = source;

    public JsonElement Source { get; }
    public string Reference => Source.Key;
    public DateOnly Date => Json.Day(Source.Text("effectiveDateTime")) ?? default;
    public string? Class => Source.Member("valueCodeableConcept")?.Each("coding").Select(c => c.Text("code")).FirstOrDefault();
    public DateOnly? Next => Fact(NextDate) is string day ? Json.Day(day) : null;
    public string? VisitReference => Source.Each("derivedFrom").Select(d => d.Text("reference")).FirstOrDefault();

    /// <summary>Digest of the answers it was derived from.</summary>
    public string? AnswersDigest => Source.ExtensionAt(ProgrammeCodes.Derivation)?.ExtensionAt("answers")?.Text("valueString");

    /// <summary>bool, decimal or string; null when the fact was not derived.</summary>
    public object? Fact(string name)
    {
        foreach (var component in Source.Each("component"))
        {
            if (!component.HasCode("code", ProgrammeCodes.Fact, name)) continue;
            if (component.Member("valueBoolean") is { } truth) return truth.GetBoolean();
            if (component.Member("valueQuantity")?.Member("value") is { } number) return number.GetDecimal();
            return component.Text("valueString") ?? component.Text("valueDateTime");
        }

        return null;
    }

    /// <summary>Null when the resource is not an assessment that stands.</summary>
    public static Assessment? Of(JsonElement observation, string programme) =>
        observation.Text("resourceType") is "Observation" && observation.Text("status") is "final" or "amended"
            && observation.HasCode("code", ProgrammeCodes.Programme, programme)
            ? new(observation)
            : null;

    /// <summary>The last one before a day; with a fact, the last one that has it: a visit without a reading does not count as the one before.</summary>
    public static Assessment? Latest(PersonRecord record, string programme, DateOnly before, string? fact = null) => record.Of("Observation")
        .Select(o => Of(o, programme)).OfType<Assessment>()
        .FirstOrDefault(a => a.Date < before && (fact is null || a.Fact(fact) is not null));

    public static string IdFor(string programme, string visitId) => StableId.Of("assess", programme, visitId);

    public static JsonObject Write(Verdict verdict, Visit visit, PersonRecord record, ProgrammePackage package)
    {
        var observation = new JsonObject
        {
            ["resourceType"] = "Observation",
            ["id"] = IdFor(verdict.Programme, visit.Id),
            ["extension"] = new JsonArray(Derivation(verdict, package, visit)),
            ["status"] = "final",
            ["category"] = new JsonArray(Json.Concept(ProgrammeCodes.Category, "assessment", "项目评估")),
            ["code"] = Json.Concept(ProgrammeCodes.Programme, verdict.Programme, verdict.Title),
            ["subject"] = Json.Reference(record.Reference),
            ["effectiveDateTime"] = Json.Text(visit.Date),
        };
        if (package.Sensitivity is { } label) observation["meta"] = Sensitivity.Meta(label);
        if (verdict.Class is { } grade && package.Rules.ClassSystem is { } system) observation["valueCodeableConcept"] = Json.Concept(system, grade, verdict.ClassText);
        else observation["dataAbsentReason"] = Json.Concept("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown");
        PutAll(observation, "note", verdict.Alerts.Select(a => a.Reason).Prepend(verdict.Reason)
            .Concat(verdict.Notes).Where(r => r.Length > 0).Select(r => (JsonNode)new JsonObject { ["text"] = r }));
        observation["derivedFrom"] = new JsonArray([.. verdict.Inputs.Select(i => i.Source).OfType<string>()
            .Prepend(visit.Reference).Distinct(StringComparer.Ordinal).Select(r => (JsonNode)Json.Reference(r))]);
        PutAll(observation, "component", Components(verdict));
        return observation;
    }

    // FHIR knows no empty array: a form that says too little to judge leaves the element out.
    private static void PutAll(JsonObject owner, string name, IEnumerable<JsonNode> items)
    {
        JsonNode[] all = [.. items];
        if (all.Length > 0) owner[name] = new JsonArray(all);
    }

    private static IEnumerable<JsonNode> Components(Verdict verdict)
    {
        if (verdict.Row is { } row) yield return Component(new(RowFact, "判定行", row));
        if (verdict.Next is { } next) yield return new JsonObject { ["code"] = Json.Concept(ProgrammeCodes.Fact, NextDate, "下次随访日期"), ["valueDateTime"] = Json.Text(next) };
        if (verdict.Referral is not Referral.None) yield return Component(new(ReferralFact, "转诊建议", verdict.Referral is Referral.Urgent ? "urgent" : "proposed"));
        foreach (var fact in verdict.Facts) yield return Component(fact);
    }

    private static JsonObject Component(Evidence fact)
    {
        var component = new JsonObject { ["code"] = Json.Concept(ProgrammeCodes.Fact, fact.Name, fact.Title) };
        Put(component, fact.Value, fact.Unit);
        return component;
    }

    private static void Put(JsonObject target, object value, string? unit)
    {
        switch (value)
        {
            case bool truth: target["valueBoolean"] = truth; break;
            case decimal number:
                target["valueQuantity"] = unit is null ? new JsonObject { ["value"] = number } : new JsonObject { ["value"] = number, ["unit"] = unit };
                break;
            default: target["valueString"] = value.ToString(); break;
        }
    }

    private static JsonObject Derivation(Verdict verdict, ProgrammePackage package, Visit visit)
    {
        var parts = new JsonArray { new JsonObject { ["url"] = "edition", ["valueCanonical"] = package.Canonical },
            new JsonObject { ["url"] = "answers", ["valueString"] = visit.Digest } };
        if (verdict.Row is { } row) parts.Add(new JsonObject { ["url"] = "rule", ["valueString"] = $"{verdict.Programme}/class/{row}" });
        foreach (var alert in verdict.Alerts) parts.Add(new JsonObject { ["url"] = "rule", ["valueString"] = $"{verdict.Programme}/alerts/{alert.Row}" });
        if (verdict.Clause is { } clause) parts.Add(new JsonObject { ["url"] = "clause", ["valueString"] = clause });
        foreach (var input in verdict.Inputs)
        {
            var fields = new JsonArray { new JsonObject { ["url"] = "name", ["valueString"] = input.Name }, new JsonObject { ["url"] = "title", ["valueString"] = input.Title } };
            var value = new JsonObject { ["url"] = "value" };
            Put(value, input.Value, input.Unit);
            fields.Add(value);
            if (input.Source is { } source) fields.Add(new JsonObject { ["url"] = "source", ["valueReference"] = Json.Reference(source) });
            parts.Add(new JsonObject { ["url"] = "input", ["extension"] = fields });
        }

        return new() { ["url"] = ProgrammeCodes.Derivation, ["extension"] = parts };
    }
}

/// <summary>The label that keeps a programme's resources in its compartment.</summary>
internal static class Sensitivity
{
    public static JsonObject Meta(string label) => new()
    {
        ["security"] = new JsonArray(new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/v3-ActCode", ["code"] = label }),
    };
}

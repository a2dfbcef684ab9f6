using System.Text.Json;
using Tongxin.Fhir.FhirPath;
using Tongxin.Fhir.Model;
using Tongxin.Fhir.Questionnaires;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Kernel.Programmes;

/// <summary>Applies an edition's rules to one visit. Pure: the same record, visit and edition give the same verdict in form, server and import.</summary>
public sealed class Judgement
{
    /// <summary>More than any norm's rule needs; an expression that never ends is stopped here.</summary>
    public const int MostSteps = 200_000;

    private const int MonthsPerYear = 12;

    private readonly ProgrammePackage package;
    private readonly PersonRecord record;
    private readonly Visit visit;
    private readonly IFhirModel model;
    private readonly VariableCollection variables = new();
    private readonly Dictionary<string, string> sources = new(StringComparer.Ordinal);

    private Judgement(ProgrammePackage package, PersonRecord record, Visit visit, IFhirModel model)
    {
        (this.package, this.record, this.visit, this.model) = (package, record, visit, model);
        DefineVariables();
    }

    public static Verdict Of(ProgrammePackage package, PersonRecord record, Visit visit, IFhirModel model) =>
        new Judgement(package, record, visit, model).Decide();

    /// <summary>Evaluates one expression of a plan (enrolment, service) about a person on a day.</summary>
    public static IReadOnlyList<PathValue> Evaluate(FhirPathExpression expression, PersonRecord record, DateOnly today, JsonElement? episode, IFhirModel model)
    {
        var known = new VariableCollection();
        known.Add("patient", [PathValues.Of(record.Patient)]);
        known.Add("record", () => [PathValues.Of(record.Bundle)]);
        known.Add("today", [PathValues.Of(today)]);
        known.Add("asOf", [PathValues.Of(today)]);
        AddAge(known, record, today);
        known.Add("episode", episode is { } one ? [PathValues.Of(one)] : []);
        return expression.Evaluate(record.Patient, new() { Model = model, Variables = known, MostSteps = MostSteps });
    }

    private Verdict Decide()
    {
        var rules = package.Rules;
        var row = rules.Rows.FirstOrDefault(r => r.When is null || IsTrue(r.When));
        var alerts = rules.Alerts.Where(a => a.When is not null && IsTrue(a.When)).ToList();
        var notes = new List<string>();
        var (next, byHand) = Next(row, alerts, notes);
        foreach (var table in rules.Tables.Where(t => t.On(visit.Date)?.IsUncertain is true)) notes.Add($"“{table.Name}”的数值尚未核实，仅供参考。");
        return new()
        {
            Programme = package.Code,
            Title = package.Title,
            Edition = package.Edition,
            Citation = package.Citation,
            Row = row?.Id,
            Class = row?.Class,
            ClassText = row?.Class is { } code ? rules.Classes.GetValueOrDefault(code) : null,
            Reason = row is null ? "资料不全，不能判定分类。" : Say(row.Reason),
            Action = row?.Action,
            Clause = row?.Clause,
            Next = next,
            NextByHand = byHand,
            Referral = alerts.Select(a => a.Referral).Append(row?.Referral ?? Referral.None).Max(),
            Alerts = [.. alerts.Select(a => new Alert(a.Id, Say(a.Reason), a.Action, a.Referral, a.Clause))],
            Inputs = [.. rules.Inputs.Where(i => !i.Silent).Select(i => Evidence(i.Name, i.Title, i.Unit)).OfType<Evidence>()],
            Facts = [.. rules.Facts.Select(f => Evidence(f.Name, f.Title, f.Unit)).OfType<Evidence>()],
            Notes = notes,
        };
    }

    /// <summary>The earliest day that the row or an alert asks for; a day set by hand holds when it is not later than that.</summary>
    private (DateOnly? Day, bool ByHand) Next(RuleRow? row, List<RuleRow> alerts, List<string> notes)
    {
        var spans = alerts.Select(a => a.Next).Append(row?.Next).OfType<CalendarSpan>().ToList();
        DateOnly? limit = spans.Count > 0 ? spans.Min(s => s.After(visit.Date)) : null;
        var byHand = package.Rules.NextDateAnswer is { } linkId && visit.Answers(linkId) is [var answer, ..] ? Json.Day(answer.ToString()) : null;
        if (byHand is not { } day) return (limit, false);
        if (day <= visit.Date)
        {
            notes.Add($"下次随访日期 {Json.Text(day)} 不晚于本次，按规则改为 {(limit is { } l ? Json.Text(l) : "空")}。");
            return (limit, false);
        }

        if (limit is not { } latest || day <= latest) return (day, true);
        notes.Add($"下次随访日期 {Json.Text(day)} 晚于规范要求的 {Json.Text(latest)}，按后者安排。");
        return (latest, false);
    }

    private void DefineVariables()
    {
        variables.Add("patient", [PathValues.Of(record.Patient)]);
        variables.Add("record", () => [PathValues.Of(record.Bundle)]);
        variables.Add("visit", [PathValues.Of(visit.Response)]);
        foreach (var name in new[] { "visitDate", "asOf", "today" }) variables.Add(name, [PathValues.Of(visit.Date)]);
        AddAge(variables, record, visit.Date);
        variables.Add("episode", () => record.Of("EpisodeOfCare")
            .Where(e => e.Each("type").Any(t => t.IsCoded(ProgrammeCodes.Programme, package.Code))).Take(1).Select(PathValues.Of).ToList());
        variables.Add("class", () => package.Rules.Rows.FirstOrDefault(r => r.When is null || IsTrue(r.When))?.Class is { } grade ? [Plain(grade)] : []);
        foreach (var input in package.Rules.Inputs) variables.Add(input.Name, () => Input(input));
        foreach (var table in package.Rules.Tables)
        {
            foreach (var column in table.Rows.SelectMany(r => r.Values.Keys).Distinct(StringComparer.Ordinal)) variables.Add($"{table.Name}_{column}", []);
            foreach (var (column, value) in table.On(visit.Date)?.Values ?? new Dictionary<string, object>()) variables.Add($"{table.Name}_{column}", [Plain(value)]);
        }

        foreach (var named in package.Rules.Expressions.Concat(package.Rules.Facts)) variables.Add(named.Name, () => Evaluate(named.Expression));
    }

    /// <summary>Age on a day: <c>%ageDays</c>, and <c>%ageMonths</c> in completed months. Empty when the day of birth is not known.</summary>
    private static void AddAge(VariableCollection variables, PersonRecord record, DateOnly on)
    {
        var months = record.Born is { } born ? (on.Year - born.Year) * MonthsPerYear + on.Month - born.Month - (born.AddMonths(
            (on.Year - born.Year) * MonthsPerYear + on.Month - born.Month) > on ? 1 : 0) : 0;
        variables.Add("ageDays", record.Born is { } day ? [Plain((decimal)(on.DayNumber - day.DayNumber))] : []);
        variables.Add("ageMonths", record.Born is null ? [] : [Plain((decimal)months)]);
    }

    private IReadOnlyList<PathValue> Input(RuleInput input)
    {
        if (input.Answer is { } linkId)
        {
            sources[input.Name] = visit.Reference;
            return visit.Values(linkId);
        }

        if (input.Assessment is { } programme)
        {
            if (Assessment.Latest(record, programme, visit.Date, input.Fact) is not { } before) return [];
            sources[input.Name] = before.Reference;
            return (input.Fact is { } fact ? before.Fact(fact) : before.Class) is { } value ? [Plain(value)] : [];
        }

        if (input.Observation is { } code) return Latest(input, code);
        if (input.Curve is { } curve) return ZScore(curve);
        return input.Expression is { } expression ? Evaluate(expression) : [];
    }

    private IReadOnlyList<PathValue> ZScore(CurveInput input)
    {
        if (Evaluate(input.Group) is not [var group] || Evaluate(input.At) is not [var at] || Evaluate(input.Value) is not [var value]) return [];
        if (PathValues.Number(at) is not { } place || PathValues.Number(value) is not { } measured) return [];
        return package.Curves[input.Curve].ZScore(PathValues.Text(group), place, measured) is { } z ? [Plain(z)] : [];
    }

    private IReadOnlyList<PathValue> Latest(RuleInput input, string code)
    {
        var parts = code.Split('|');
        var earliest = input.Within?.Before(visit.Date);
        foreach (var observation in record.Of("Observation"))
        {
            if (observation.Text("status") is "entered-in-error" or "cancelled" || Json.Day(PersonRecord.Time(observation)) is not { } day) continue;
            if (day > visit.Date || day < earliest) continue;
            if (Measured(observation, parts[0], parts[^1]) is not { } value) continue;
            sources[input.Name] = observation.Key;
            return [value];
        }

        return [];
    }

    /// <summary>The value under the code: of the observation itself, or of its component.</summary>
    private static PathValue? Measured(JsonElement observation, string system, string code)
    {
        if (observation.HasCode("code", system, code)) return Value(observation);
        foreach (var component in observation.Each("component"))
            if (component.HasCode("code", system, code)) return Value(component);
        return null;
    }

    private static PathValue? Value(JsonElement owner)
    {
        if (owner.Member("valueQuantity")?.Member("value") is { ValueKind: JsonValueKind.Number } number) return Plain(number.GetDecimal());
        if (owner.Member("valueCodeableConcept") is { } concept)
            return concept.Each("coding").FirstOrDefault() is { ValueKind: JsonValueKind.Object } coding ? new("Coding", coding, null) : null;
        if (owner.Text("valueString") is { } text) return Plain(text);
        if (owner.Text("valueDateTime") is { } time) return Plain(time);
        if (owner.Member("valueBoolean") is { } flag) return Plain(flag.GetBoolean());
        return owner.Member("valueInteger") is { } whole ? Plain(whole.GetDecimal()) : null;
    }

    private IReadOnlyList<PathValue> Evaluate(FhirPathExpression expression) =>
        expression.Evaluate(visit.Response, new() { Model = model, Variables = variables, MostSteps = MostSteps });

    private bool IsTrue(FhirPathExpression expression) => Evaluate(expression) is [var only] && PathValues.Truth(only) is true;

    private Evidence? Evidence(string name, string title, string? unit)
    {
        var values = variables[name];
        if (values.Count is 0) return null;
        object value = values.Count > 1 ? string.Join("、", values.Select(PathValues.Text)) : PathValues.Truth(values[0]) is { } truth
            ? truth : PathValues.Number(values[0]) is { } number ? number : PathValues.Text(values[0]);
        return new(name, title, value, unit, sources.GetValueOrDefault(name));
    }

    private string Say(string reason) => RulesYaml.Hole.Replace(reason, hole =>
        string.Join("、", variables[hole.Groups[1].Value].Select(PathValues.Text)) is { Length: > 0 } text ? text : "未测");

    private static PathValue Plain(object value) => value switch
    {
        bool truth => new("Boolean", default, truth),
        decimal number => new("Decimal", default, number),
        _ => new("String", default, value.ToString()),
    };
}

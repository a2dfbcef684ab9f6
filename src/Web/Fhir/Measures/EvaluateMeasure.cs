using System.Globalization;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.Fhir.Terms;

namespace Tongxin.Web.Fhir.Measures;

/// <summary><c>Measure/$evaluate-measure</c> (FHIR R4): the number as it stands, its people, or one person's part in it, as a MeasureReport.</summary>
/// <remarks>
/// Answers from the memberships that the cockpit shows, through the same outlook: who sees counts there gets counts here, who sees pseudonyms gets those.
/// An indicator counts from the first day of the year; another start is refused, not answered with a number that means something else.
/// </remarks>
internal sealed class EvaluateMeasure(ShippedMeasures measures, Outlooks outlooks, Board board)
{
    private const int MostPeople = 20_000;
    private static readonly string Reasons = ProgrammeCodes.Canonical("StructureDefinition", "indicator-reason");

    public Operation Operation => new(
        "$evaluate-measure", "http://hl7.org/fhir/OperationDefinition/Measure-evaluate-measure", new HashSet<string> { "Measure" }, ChangesNothing: true)
    {
        Places = new HashSet<Place> { Place.TypeOperation, Place.InstanceOperation },
        Answer = AnswerAsync,
    };

    private async Task<Answer> AnswerAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        var input = TermInput.Read(call, "measure", "periodStart", "periodEnd", "subject", "reportType", "reporter");
        await server.Record.PermitFiguresAsync(call.Caller, cancel);
        var indicator = Measure(call.Address.Id.Length > 0 ? call.Address.Id : input.Required("measure"));
        var outlook = outlooks.Of(call.Caller, indicator) ?? throw RefusedException.Because(403, "forbidden", "You belong to no place that has figures.");
        var (asked, person) = (Id(input, "subject"), input["subject"]?.StartsWith("Patient/", StringComparison.Ordinal) is true);
        var place = PlaceOf(outlook, Id(input, "reporter") ?? (person ? null : asked));
        var asOf = Period(input, server.Clock);
        var kind = (input["reportType"] ?? (person ? "individual" : "summary")) switch
        {
            "summary" or "population" => "summary",
            "subject-list" => "subject-list",
            "individual" or "subject" => "individual",
            _ => throw RefusedException.Because(400, "value", "reportType is summary, subject-list or individual.", "reportType"),
        };
        var report = Report(indicator, place, asOf, kind, server.Clock);
        List<string> people = [];
        if (kind is "individual") await AddPersonAsync(server, call, outlook, report, place, asOf, person ? asked : null, people, cancel);
        else if (kind is "subject-list") AddPeople(outlook, report, place, asOf, people);
        else
        {
            var shown = outlook.At(place, asOf);
            if (shown is { IsHidden: false, Cell: null }) throw NotEvaluated(asOf);
            report["group"] = new JsonArray(MeasureBody.Group(shown.Cell));
        }

        await server.Record.NoteFiguresAsync(call.Caller, "evaluate-measure", $"{indicator.Id} {place} {asOf:yyyy-MM-dd} {kind}", people, cancel);
        return new(200) { Body = MeasureBody.Bytes(report) };
    }

    // By id, reference or canonical; an edition that is not the one counted now has no number.
    private Indicator Measure(string name) =>
        name.Split('|') is [var address, .. var edition] && measures.Indicator(address.Split('/')[^1]) is { } indicator
        && (address == indicator.Id || address == $"Measure/{indicator.Id}" || address == MeasureBody.Url(indicator.Id)) && edition.All(e => e == indicator.Edition)
            ? indicator
            : throw RefusedException.Because(404, "not-found", "There is no such measure in this edition.", "measure");

    private static JsonObject Report(Indicator indicator, string place, DateOnly asOf, string kind, TimeProvider clock) => new()
    {
        ["resourceType"] = "MeasureReport", ["status"] = "complete", ["type"] = kind, ["measure"] = $"{MeasureBody.Url(indicator.Id)}|{indicator.Edition}",
        ["date"] = Kernel.Records.ResourceBody.Instant(clock.GetUtcNow()), ["reporter"] = new JsonObject { ["reference"] = $"Organization/{place}" },
        ["period"] = MeasureBody.Period(new(asOf.Year, 1, 1), asOf), ["improvementNotation"] = MeasureBody.Notation(indicator),
    };

    // Lists of exactly the people that are counted, contained: the length of each is its population's count.
    private void AddPeople(Outlook outlook, JsonObject report, string place, DateOnly asOf, List<string> people)
    {
        if (outlook.Detail is Detail.Counts) throw RefusedException.Because(403, "forbidden", "Your role sees counts, not lists.", "reportType");
        var cell = board.At(outlook.Indicator.Id, place, asOf) ?? throw NotEvaluated(asOf);
        if (cell.Denominator + cell.Excluded > MostPeople)
            throw RefusedException.Because(422, "too-costly", $"A list holds at most {MostPeople} people; ask place by place.", "reporter");
        var all = outlook.Everybody(place, asOf);
        people.AddRange(all.Select(m => m.Seen.Person).OfType<string>());
        var (group, contained) = (MeasureBody.Group(Count(cell, all)), new JsonArray());
        foreach (var population in group["population"]!.AsArray().OfType<JsonObject>())
        {
            var code = (string)population["code"]!["coding"]![0]!["code"]!;
            var listed = all.Where(m => code switch { "denominator-exclusion" => m.Excluded, "numerator" => m.Seen.Numerator, _ => true }).ToList();
            contained.Add(PeopleOf(outlook.Indicator, code, listed.Select(m => m.Seen)));
            population["subjectResults"] = new JsonObject { ["reference"] = $"#{code}" };
        }

        report["contained"] = contained;
        report["group"] = new JsonArray(group);
    }

    private static Cell Count(Cell cell, IReadOnlyList<(SeenMember Seen, bool Excluded)> all) => cell with
    {
        Denominator = all.Count(m => !m.Excluded), Numerator = all.Count(m => m.Seen.Numerator), Excluded = all.Count(m => m.Excluded),
    };

    private static JsonObject PeopleOf(Indicator indicator, string id, IEnumerable<SeenMember> people)
    {
        var list = new JsonObject { ["resourceType"] = "List", ["id"] = id, ["status"] = "current", ["mode"] = "snapshot" };
        JsonNode?[] entries = [.. people.Select(m => new JsonObject
        {
            ["flag"] = new JsonObject { ["text"] = indicator.Reasons.GetValueOrDefault(m.Reason, m.Reason) },
            ["item"] = m.Person is { } person
                ? new JsonObject { ["reference"] = $"Patient/{person}" }
                : new JsonObject { ["type"] = "Patient", ["identifier"] = new JsonObject { ["value"] = m.Alias } },
        })];
        if (entries.Length > 0) list["entry"] = new JsonArray(entries);
        return list;
    }

    private async Task AddPersonAsync(
        FhirServer server, FhirCall call, Outlook outlook, JsonObject report, string place, DateOnly asOf, string? person, List<string> people, CancellationToken cancel)
    {
        if (person is null) throw RefusedException.Because(400, "required", "Whose? Give subject=Patient/ID.", "subject");
        var found = outlook.Detail is Detail.Names ? await server.Record.ReadAsync(call.Caller, new("Patient", person), cancel) : null;
        if (found is null or { IsDeleted: true }) throw RefusedException.Because(404, "not-found", $"There is no Patient/{person}.", "subject");
        people.Add(person);
        var member = board.OfPerson(person, asOf).Where(m => m.Indicator == outlook.Indicator.Id && board.IsWithin(m.Member.Organisation, place))
            .Select(m => m.Member).FirstOrDefault();
        report["subject"] = new JsonObject { ["reference"] = $"Patient/{person}" };
        var cell = new Cell(outlook.Indicator.Id, place, asOf, member is { Excluded: false } ? 1 : 0, member is { Numerator: true } ? 1 : 0, member is { Excluded: true } ? 1 : 0);
        report["group"] = new JsonArray(MeasureBody.Group(cell));
        if (member is null) return;
        report["extension"] = new JsonArray(new JsonObject
        {
            ["url"] = Reasons, ["valueString"] = outlook.Indicator.Reasons.GetValueOrDefault(member.Reason, member.Reason),
        });
        if (member.Evidence is { } evidence) report["evaluatedResource"] = new JsonArray(new JsonObject { ["reference"] = evidence });
    }

    private static string PlaceOf(Outlook outlook, string? asked) => asked is null ? outlook.Home
        : outlook.Within(asked) == asked ? asked
        : throw RefusedException.Because(404, "not-found", "There is no such place among yours.", "reporter");

    private static string? Id(TermInput input, string name) => input[name]?.Split('/')[^1] is { Length: > 0 } id ? id : null;

    private static DateOnly Period(TermInput input, TimeProvider clock)
    {
        var (start, end, today) = (Date(input, "periodStart"), Date(input, "periodEnd"), LocalTime.Today(clock));
        if (start != new DateOnly(end.Year, 1, 1))
            throw RefusedException.Because(422, "not-supported", $"The measures count the year to date: periodStart is {end.Year}-01-01.", "periodStart");
        if (end > today) throw RefusedException.Because(422, "value", $"periodEnd lies ahead; the latest day is {today:yyyy-MM-dd}.", "periodEnd");
        return end;
    }

    private static DateOnly Date(TermInput input, string name) =>
        DateOnly.TryParseExact(input.Required(name), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date
            : throw RefusedException.Because(400, "value", $"'{name}' is a day, like 2026-03-31.", name);

    private static RefusedException NotEvaluated(DateOnly asOf) =>
        RefusedException.Because(422, "not-found", $"Nobody was counted on {asOf:yyyy-MM-dd}: numbers are kept for today and for the ends of months.", "periodEnd");
}

using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.People.Matching;
using Tongxin.Web.Components;
using Tongxin.Web.Fhir;
using Attribute = Tongxin.Kernel.People.Matching.Attribute;

namespace Tongxin.Modules.People.Registry;

/// <summary><c>Patient/$match</c> (FHIR R4; IHE ITI-119): who on record may be this person, by the matcher of the counter, graded.</summary>
/// <remarks>Looks only among those whom the caller reaches: it tells no more than her own searches.</remarks>
internal static class MatchOperation
{
    private const string Grade = "http://hl7.org/fhir/StructureDefinition/match-grade";
    private const int MostReturned = 100;
    private const int Usual = 20;

    public static ModuleOperation Of(LikelyDuplicates duplicates) => new(
        "$match", "http://hl7.org/fhir/OperationDefinition/Patient-match", "Patient", ChangesNothing: false,
        "Compares by identifiers, name (sound and characters), sex, birth date, telephone and address. certain: an identifier in common and nothing against it; "
        + "probable: linked without one; possible: somebody is to look. Finds only whom the caller may see.")
    {
        Answer = (call, cancel) => AnswerAsync(call, duplicates, cancel),
    };

    private static async Task<JsonObject> AnswerAsync(OperationCall call, LikelyDuplicates duplicates, CancellationToken cancel)
    {
        call.Know("resource", "onlyCertainMatches", "count");
        if (call.Resource("resource") is not { } person || person.Text("resourceType") is not "Patient")
            throw RefusedException.Because(400, "required", "The parameter 'resource' is a Patient.", "resource");
        var (onlyCertain, count) = (call.Flag("onlyCertainMatches"), Math.Min(call.Number("count") ?? Usual, MostReturned));
        if (PatientReading.Name(person).Length is 0 && !person.Each("identifier").Any() && !person.Each("telecom").Any() && person.Text("birthDate") is null)
            throw RefusedException.Because(422, "required", "The Patient says nothing that could be compared: give identifier, name, birthDate or telecom.", "resource");
        var suspects = await duplicates.HandleAsync(call.Caller, person, cancel);
        var graded = suspects.Found.Select(s => (Suspect: s, Grade: GradeOf(s.Score))).ToList();
        // FHIR R4: where several could be meant, a caller who wants certainty is given none.
        if (onlyCertain) graded = graded.Where(g => g.Grade is "certain").ToList() is [var only] ? [only] : [];
        var entries = graded.Take(count).Select(g => (JsonNode)Entry(call.Base, g.Suspect, g.Grade)).ToList();
        var bundle = new JsonObject { ["resourceType"] = "Bundle", ["type"] = "searchset", ["total"] = entries.Count };
        if (suspects.IsCut && !onlyCertain) entries.Add(Cut());
        if (entries.Count > 0) bundle["entry"] = new JsonArray([.. entries]);
        return bundle;
    }

    /// <summary>As match-grade has it; strangers are not in the list.</summary>
    internal static string GradeOf(PairScore score) => score.Decision is not MatchDecision.Link ? "possible"
        : score.Attributes[(int)Attribute.Identifier].Agreement is Agreement.Same ? "certain" : "probable";

    private static JsonObject Entry(string address, Suspect suspect, string grade) => new()
    {
        ["fullUrl"] = $"{address}{suspect.Stored.Key}",
        ["resource"] = JsonNode.Parse(suspect.Stored.Body.Span),
        ["search"] = new JsonObject
        {
            ["extension"] = new JsonArray(new JsonObject { ["url"] = Grade, ["valueCode"] = grade }),
            ["mode"] = "match",
            ["score"] = decimal.Round((decimal)suspect.Score.Probability, 4),
        },
    };

    private static JsonObject Cut() => new()
    {
        ["resource"] = new JsonObject
        {
            ["resourceType"] = "OperationOutcome",
            ["issue"] = new JsonArray(new JsonObject
            {
                ["severity"] = "warning", ["code"] = "incomplete",
                ["diagnostics"] = "More people share the name, telephone or birthday than were compared; an identifier tells more.",
            }),
        },
        ["search"] = new JsonObject { ["mode"] = "outcome" },
    };
}

using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Web.Fhir.Terms;

/// <summary>The terminology operations (FHIR R4 §4.7): $expand and $validate-code of value sets, $lookup, $validate-code and $subsumes of code systems.</summary>
internal sealed class TermOperations(RecordedCodes recorded)
{
    private const string Definitions = "http://hl7.org/fhir/OperationDefinition/";
    private const int DefaultCount = 20;

    private static readonly IReadOnlySet<Place> OnTypeAndInstance = new HashSet<Place> { Place.TypeOperation, Place.InstanceOperation };
    private static readonly IReadOnlySet<Place> OnType = new HashSet<Place> { Place.TypeOperation };

    public IEnumerable<Operation> All =>
    [
        new("$expand", Definitions + "ValueSet-expand", new HashSet<string> { "ValueSet" }, ChangesNothing: true) { Places = OnTypeAndInstance, Answer = ExpandAsync },
        new("$validate-code", Definitions + "ValueSet-validate-code", new HashSet<string> { "ValueSet", "CodeSystem" }, ChangesNothing: true)
        {
            Places = OnTypeAndInstance, Answer = ValidateAsync,
        },
        new("$lookup", Definitions + "CodeSystem-lookup", new HashSet<string> { "CodeSystem" }, ChangesNothing: true) { Places = OnType, Answer = LookupAsync },
        new("$subsumes", Definitions + "CodeSystem-subsumes", new HashSet<string> { "CodeSystem" }, ChangesNothing: true) { Places = OnTypeAndInstance, Answer = SubsumesAsync },
    ];

    private async Task<Answer> ExpandAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        var input = TermInput.Read(call, "url", "filter", "offset", "count", "valueSetVersion", "displayLanguage", "activeOnly", "includeDesignations");
        var codes = await CodesAsync(server, call, cancel);
        var (offset, count) = (input.Number("offset", 0), input.Number("count", DefaultCount));
        if (input.Resource.ValueKind is not System.Text.Json.JsonValueKind.Undefined)
            return TermAnswers.Expansion(null, codes.Expand(input.Resource, input["filter"] ?? "", offset, count) ?? throw NothingIn("ValueSet"), offset, server.Clock);
        var url = await UrlAsync(server, call, input, cancel);
        var found = codes.Expand(url, input["filter"] ?? "", offset, count) ?? throw Unknown("value set", url);
        return TermAnswers.Expansion(url, found, offset, server.Clock);
    }

    private async Task<Answer> ValidateAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        var input = TermInput.Read(call, "url", "system", "code", "display", "valueSetVersion", "version", "systemVersion", "displayLanguage", "context", "date");
        var codes = await CodesAsync(server, call, cancel);
        if (input.Codings.Count is 0) throw RefusedException.Because(400, "required", "Give a code (and its system), a coding or a codeableConcept.", "code");
        var isSent = input.Resource.ValueKind is not System.Text.Json.JsonValueKind.Undefined;
        var url = isSent ? "" : call.Address.Type is "CodeSystem" && call.Address.Id.Length is 0 ? input["url"] ?? input.Codings[0].System ?? input.Required("url")
            : await UrlAsync(server, call, input, cancel);
        foreach (var (given, code, display) in input.Codings)
        {
            var system = call.Address.Type is "CodeSystem" ? url : given;
            var belongs = isSent ? codes.IsMember(input.Resource, system, code) : codes.IsMember(url, system, code);
            if (belongs is null) throw Unknown(call.Address.Type is "CodeSystem" ? "code system" : "value set", url);
            if (belongs is false) continue;
            var concept = system is null ? FirstOf(codes, url, code) : codes.Lookup(system, code);
            var fits = display is null || concept is not { } c || display == c.Display || display == c.English;
            return TermAnswers.Verdict(fits, fits ? null : $"The display of {code} is '{concept!.Value.Display}', not '{display}'.", concept?.Display);
        }

        var (asked, wrong, _) = input.Codings[0];
        return TermAnswers.Verdict(false, $"{(asked is null ? "" : asked + "|")}{wrong} does not belong to {(url.Length > 0 ? url : "the value set")}.", null);
    }

    private async Task<Answer> LookupAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        var input = TermInput.Read(call, "system", "code", "version", "displayLanguage", "property", "date");
        var codes = await CodesAsync(server, call, cancel);
        if (input.Codings is not [(var system, var code, _), ..] || system is null)
            throw RefusedException.Because(400, "required", "Give system and code, or a coding with both.", "code");
        var table = codes.System(system) ?? throw Unknown("code system", system);
        var concept = table.Find(code) ?? throw RefusedException.Because(404, "code-invalid", $"{system} has no code '{(code.Length > 64 ? code[..64] : code)}'.", "code");
        return TermAnswers.Concept(table, concept);
    }

    private async Task<Answer> SubsumesAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        var input = TermInput.Read(call, "codeA", "codeB", "system", "version", "url");
        var codes = await CodesAsync(server, call, cancel);
        var system = call.Address.Id.Length > 0 ? await UrlAsync(server, call, input, cancel) : input.Required("system");
        var (a, b) = (input.Required("codeA"), input.Required("codeB"));
        var table = codes.System(system) ?? throw Unknown("code system", system);
        foreach (var code in new[] { a, b })
            if (table.IndexOf(code) < 0) throw RefusedException.Because(404, "code-invalid", $"{system} has no code '{(code.Length > 64 ? code[..64] : code)}'.");
        return TermAnswers.Outcome(a == b ? "equivalent" : codes.IsA(system, b, a) is true ? "subsumes" : codes.IsA(system, a, b) is true ? "subsumed-by" : "not-subsumed");
    }

    private async Task<Codes> CodesAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        await server.Record.PermitDefinitionAsync(call.Caller, call.Address.Type, cancel);
        return await recorded.GetAsync(cancel);
    }

    // On an instance its own canonical is meant; otherwise the one that was named.
    private static async Task<string> UrlAsync(FhirServer server, FhirCall call, TermInput input, CancellationToken cancel)
    {
        if (call.Address.Id.Length is 0) return input.Required("url");
        if (await server.Record.ReadAsync(call.Caller, call.Address.Key, cancel) is not { IsDeleted: false } found) throw Reading.NotThere(call.Address.Key);
        using var document = System.Text.Json.JsonDocument.Parse(found.Body);
        return document.RootElement.TryGetProperty("url"u8, out var url) ? url.GetString()!
            : throw RefusedException.Because(422, "not-supported", $"{call.Address.Key} has no canonical (url), so nothing can be asked of it.");
    }

    private static Concept? FirstOf(Codes codes, string valueSet, string code)
    {
        var found = codes.Expand(valueSet, code, 0, DefaultCount)?.Concepts.FirstOrDefault(c => c.Code == code);
        return found is { System: not null } one ? new Concept(one.Code, one.Display, one.English) : null;
    }

    private static RefusedException Unknown(string what, string url) =>
        RefusedException.Because(404, "not-found", $"The {what} '{(url.Length > 200 ? url[..200] : url)}' is not known here.", "url");

    private static RefusedException NothingIn(string type) => RefusedException.Because(422, "required", $"The {type} has no compose.", $"{type}.compose");
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>A contract as FHIR <c>Contract</c>: packages are terms, promised lines are valued items, the signature is a picture.</summary>
/// <remarks>
/// Who holds the one valid contract of a person carries the identifier <see cref="ValidSystem"/>; a renewal that has not begun carries
/// <see cref="NextSystem"/>. They are given by conditional create, passed on under If-Match, and taken away when the contract ends.
/// While the status is <c>executed</c> the team's organisation and the clinic of first contact care for the person (Kernel/Records/Belonging).
/// </remarks>
public static class ContractBody
{
    public const string ValidSystem = "https://tongxin.health/id/valid-contract";
    public const string NextSystem = "https://tongxin.health/id/next-contract";
    public const string TeamSystem = "https://tongxin.health/id/family-doctor-team";
    public const string States = "https://tongxin.health/cs/contract-state";
    public const string Types = "https://tongxin.health/cs/contract";
    public const string Packages = "https://tongxin.health/cs/service-package";
    public const string Items = "https://tongxin.health/cs/service-item";
    public const string HouseholdExtension = "https://tongxin.health/fhir/StructureDefinition/household-contract";
    public const string Editions = "https://tongxin.health/fhir/service-edition/";

    /// <summary>A contract with its lines; signed when <paramref name="stroke"/> is given, or <paramref name="paper"/>.</summary>
    /// <param name="signer">Who signs for the team.</param>
    /// <param name="hand">Id of the member of the household whose hand it was; null when she signed for herself.</param>
    public static JsonObject Write(FamilyContract contract, ServiceEdition edition, Team team, string signer, string signerName, string? stroke, DateTimeOffset at,
        string? hand = null, PaperPhoto? paper = null)
    {
        var body = new JsonObject
        {
            ["resourceType"] = "Contract",
            ["instantiatesUri"] = Editions + edition.Id,
            ["type"] = JsonWriting.Concept(Types, Team.FamilyDoctor, "家庭医生签约"),
            ["subject"] = new JsonArray(JsonWriting.Reference($"Patient/{contract.Patient}")),
            ["authority"] = new JsonArray([.. contract.Organisations.Select(o => JsonWriting.Reference($"Organization/{o}"))]),
            ["supportingInfo"] = new JsonArray(JsonWriting.Reference($"CareTeam/{team.Id}", team.Name)),
            ["issued"] = ResourceBody.Instant(at),
            ["applies"] = Term(contract.Start, contract.End),
        };
        Promise(body, contract.Lines, edition);
        if (stroke is not null || paper is not null) body["signer"] = Signers(contract.Patient, hand ?? contract.Patient, signer, signerName, paper is null ? stroke : null, at);
        if (paper is not null) body["legal"] = new JsonArray(new JsonObject { ["contentAttachment"] = paper.Attachment(contract.Patient) });
        return State(body, contract.Kept, contract.Patient, team.Id, null);
    }

    /// <summary>The same contract in another state; the identifiers that say which one is valid follow.</summary>
    public static JsonObject State(JsonObject body, ContractState state, string patient, string team, string? reason)
    {
        body["status"] = state switch
        {
            ContractState.Draft => "offered",
            ContractState.Signed => "executable",
            ContractState.Active => "executed",
            ContractState.Renewed => "renewed",
            ContractState.Refused => "rejected",
            _ => "terminated",
        };
        body["legalState"] = JsonWriting.Concept(States, Code(state));
        var identifiers = new JsonArray(new JsonObject { ["system"] = TeamSystem, ["value"] = team });
        if (state is ContractState.Active) identifiers.Add(new JsonObject { ["system"] = ValidSystem, ["value"] = patient });
        if (state is ContractState.Signed) identifiers.Add(new JsonObject { ["system"] = NextSystem, ["value"] = patient });
        body["identifier"] = identifiers;
        if (reason is not null) body["expirationType"] = new JsonObject { ["text"] = reason };
        return body;
    }

    /// <summary>She was asked and said no: an answer, not a contract, that stands for a year.</summary>
    public static JsonObject Refusal(string patient, string reason, DateTimeOffset at)
    {
        var day = DateOnly.FromDateTime(at.ToOffset(LocalTime.Offset).DateTime);
        return State(new()
        {
            ["resourceType"] = "Contract",
            ["type"] = JsonWriting.Concept(Types, Team.FamilyDoctor, "家庭医生签约"),
            ["subject"] = new JsonArray(JsonWriting.Reference($"Patient/{patient}")),
            ["issued"] = ResourceBody.Instant(at),
            ["applies"] = Term(day, day.AddYears(1)),
        }, ContractState.Refused, patient, "none", reason);
    }

    /// <summary>The same contract with other lines.</summary>
    public static JsonObject Promise(JsonObject body, IReadOnlyList<ContractLine> lines, ServiceEdition edition)
    {
        body["term"] = new JsonArray([.. lines.GroupBy(l => l.From, StringComparer.Ordinal).Select(g => Term(g.Key, g, edition))]);
        return body;
    }

    public static JsonObject Term(DateOnly start, DateOnly end) => new() { ["start"] = JsonWriting.Day(start), ["end"] = JsonWriting.Day(end) };

    /// <summary>Null when it is another kind of contract.</summary>
    public static FamilyContract? Read(JsonElement body, long version)
    {
        if (body.Member("type")?.CodeIn(Types) is not Team.FamilyDoctor) return null;
        var (start, end) = (JsonReading.Day(body.Member("applies")?.Text("start")), JsonReading.Day(body.Member("applies")?.Text("end")));
        if (body.Member("legalState")?.CodeIn(States) is not { } code || StateOf(code) is not { } state || start is null || end is null) return null;
        return new()
        {
            Id = body.Text("id") ?? "", Version = version, Kept = state, Start = start.Value, End = end.Value,
            Patient = Id(body.First("subject")), Team = Value(body, TeamSystem) ?? "",
            Edition = body.Text("instantiatesUri") is { } uri ? uri[(uri.LastIndexOf('/') + 1)..] : "",
            Organisations = [.. body.Each("authority").Select(a => Id(a))],
            Packages = [.. body.Each("term").Select(t => t.Member("type")?.CodeIn(Packages)).OfType<string>().Where(p => p is not ContractLine.Menu)],
            Lines = [.. body.Each("term").SelectMany(Lines)],
            Reason = body.Member("expirationType")?.Text("text"),
        };
    }

    /// <summary>The signature as it was drawn; null before it was signed.</summary>
    public static string? Stroke(JsonElement body)
    {
        var picture = body.Each("signer").SelectMany(s => s.Each("signature")).Select(s => s.Text("data")).FirstOrDefault(d => d is not null);
        return picture is null ? null : Encoding.UTF8.GetString(Convert.FromBase64String(picture)).Split('"').FirstOrDefault(p => p.StartsWith('M'));
    }

    private static JsonObject Term(string package, IEnumerable<ContractLine> lines, ServiceEdition edition) => new()
    {
        ["type"] = JsonWriting.Concept(Packages, package, edition.Packages.FirstOrDefault(p => p.Id == package)?.Title ?? "点单"),
        ["offer"] = new JsonObject { ["text"] = edition.Packages.FirstOrDefault(p => p.Id == package)?.Title ?? "点单" },
        ["asset"] = new JsonArray(new JsonObject { ["valuedItem"] = new JsonArray([.. lines.Select(l => new JsonObject
        {
            ["entityCodeableConcept"] = JsonWriting.Concept(Items, l.Item, edition.Item(l.Item)?.Title),
            ["quantity"] = new JsonObject { ["value"] = l.PerYear },
            ["unitPrice"] = new JsonObject { ["value"] = l.UnitPrice, ["currency"] = "CNY" },
        })]) }),
    };

    private static IEnumerable<ContractLine> Lines(JsonElement term) =>
        from asset in term.Each("asset")
        from item in asset.Each("valuedItem")
        select new ContractLine(
            item.Member("entityCodeableConcept")?.CodeIn(Items) ?? "", term.Member("type")?.CodeIn(Packages) ?? "",
            item.Member("quantity")?.Member("value")?.GetInt32() ?? 0, item.Member("unitPrice")?.Member("value")?.GetDecimal() ?? 0);

    // Who signs for another of her household is the next of kin.
    private static JsonArray Signers(string patient, string hand, string doctor, string doctorName, string? stroke, DateTimeOffset at)
    {
        var picture = stroke is null ? null
            : $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 600 200\"><path d=\"{stroke}\" fill=\"none\" stroke=\"#000\" stroke-width=\"3\"/></svg>";
        JsonObject Signer(string party, string? name, string type, string? data)
        {
            var signature = new JsonObject
            {
                ["type"] = new JsonArray(new JsonObject { ["system"] = "urn:iso-astm:E1762-95:2013", ["code"] = "1.2.840.10065.1.12.1.1" }),
                ["when"] = ResourceBody.Instant(at), ["who"] = JsonWriting.Reference(party, name),
            };
            if (data is not null) (signature["sigFormat"], signature["data"]) = ("image/svg+xml", Convert.ToBase64String(Encoding.UTF8.GetBytes(data)));
            return new()
            {
                ["type"] = new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/contractsignertypecodes", ["code"] = type },
                ["party"] = JsonWriting.Reference(party, name), ["signature"] = new JsonArray(signature),
            };
        }

        return [Signer($"Patient/{hand}", null, hand == patient ? "PAT" : "NOK", picture), Signer(doctor, doctorName, "PRIMAUTH", null)];
    }

    private static string Id(JsonElement? reference) => reference?.Text("reference") is { } text ? text[(text.LastIndexOf('/') + 1)..] : "";

    private static string? Value(JsonElement body, string system) =>
        body.Each("identifier").Where(i => i.Text("system") == system).Select(i => i.Text("value")).FirstOrDefault();

    private static string Code(ContractState state) => state is ContractState.ChangedTeam ? "changed-team" : state.ToString().ToLower(CultureInfo.InvariantCulture);

    private static ContractState? StateOf(string code) =>
        Enum.TryParse<ContractState>(code.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var state) ? state : null;
}

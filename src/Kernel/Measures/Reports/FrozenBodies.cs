using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Measures;

/// <summary>A frozen report as FHIR: a MeasureReport that says what was reported and who signed, and its lists as Basic resources.</summary>
/// <remarks>
/// The lists name people, and MeasureReport may be read by who sees figures only: so they stand apart, in a type that the policy grants to nobody but the
/// system. A county's total that is too small to be told is masked here too.
/// </remarks>
internal static class FrozenBodies
{
    public const string System = "https://tongxin.health/cs/frozen-report";
    private const string SignatureMeaning = "1.2.840.10065.1.12.1.5";
    private static readonly string Signed = Extension("frozen-signature"), Kept = Extension("frozen-list"), Attached = Extension("frozen-people"), Noted = Extension("frozen-note");

    public static string IdOf(string county, DateOnly end, string indicator) => $"frozen-{Day(end)}-{Digest($"{county} {indicator}")[..16]}";

    public static string DefinitionOf(Indicator indicator) => Digest(indicator.Sql)[..16];

    public static ResourceKey Part(string list, int number) => new("Basic", $"{list}-{number}");

    public static ResourceKey Places(string list) => new("Basic", $"{list}-places");

    public static JsonObject Report(FrozenReport report, Indicator indicator)
    {
        var told = report.Total is { } total && !SmallCells.IsSmall(total) ? total : null;
        var body = new JsonObject
        {
            ["resourceType"] = "MeasureReport", ["id"] = report.Id,
            ["extension"] = new JsonArray(Signature(report), List(report)),
            ["identifier"] = new JsonArray(new JsonObject { ["system"] = System, ["value"] = $"{report.County}/{Day(report.End)}/{report.Indicator}" }),
            ["status"] = "complete", ["type"] = "summary", ["measure"] = $"{MeasureBody.Url(report.Indicator)}|{report.Edition}",
            ["date"] = ResourceBody.Instant(report.SignedAt), ["reporter"] = Reference($"Organization/{report.County}"),
            ["period"] = MeasureBody.Period(new(report.End.Year, 1, 1), report.End), ["improvementNotation"] = MeasureBody.Notation(indicator),
            ["group"] = new JsonArray(MeasureBody.Group(told)),
        };
        if (report.Note is { } note) body["extension"]!.AsArray().Add(new JsonObject { ["url"] = Noted, ["valueString"] = note });
        return body;
    }

    /// <summary>Null for a MeasureReport that is no frozen one.</summary>
    public static FrozenReport? Read(Stored stored)
    {
        var body = RecordReading.Parse(stored);
        if (!body.TryGetProperty("identifier", out var identifiers) || identifiers[0].GetProperty("system").GetString() != System) return null;
        var extensions = body.GetProperty("extension").EnumerateArray().ToDictionary(e => e.GetProperty("url").GetString()!, StringComparer.Ordinal);
        var parts = extensions[Kept].GetProperty("extension").EnumerateArray().ToDictionary(e => e.GetProperty("url").GetString()!, StringComparer.Ordinal);
        var signature = extensions[Signed].GetProperty("valueSignature");
        var name = identifiers[0].GetProperty("value").GetString()!.Split('/');
        return new()
        {
            Id = stored.Key.Id, County = name[0], End = DateOnly.ParseExact(body.GetProperty("period").GetProperty("end").GetString()!, "yyyy-MM-dd", CultureInfo.InvariantCulture),
            Indicator = name[2], Edition = body.GetProperty("measure").GetString()!.Split('|')[1], Definition = Text("definition"), List = Text("name"),
            Parts = parts["parts"].GetProperty("valueInteger").GetInt32(), Digest = Text("digest"), Position = long.Parse(Text("position"), CultureInfo.InvariantCulture),
            SignedBy = signature.GetProperty("who").GetProperty("display").GetString()!,
            Signer = signature.GetProperty("who").GetProperty("identifier").GetProperty("value").GetString()!,
            SignedAt = signature.GetProperty("when").GetDateTimeOffset(), Version = stored.Version,
            Note = extensions.TryGetValue(Noted, out var note) ? note.GetProperty("valueString").GetString() : null,
        };

        string Text(string part) => parts[part].GetProperty("valueString").GetString()!;
    }

    public static JsonObject Basic(ResourceKey key, string code, byte[] packed, DateOnly day) => new()
    {
        ["resourceType"] = "Basic", ["id"] = key.Id,
        ["extension"] = new JsonArray(new JsonObject
        {
            ["url"] = Attached, ["valueAttachment"] = new JsonObject { ["contentType"] = "application/gzip", ["data"] = Convert.ToBase64String(packed) },
        }),
        ["code"] = MeasureBody.Concept(System, code), ["created"] = day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
    };

    public static byte[] Packed(Stored stored) =>
        RecordReading.Parse(stored).GetProperty("extension")[0].GetProperty("valueAttachment").GetProperty("data").GetBytesFromBase64();

    private static JsonObject Signature(FrozenReport report) => new()
    {
        ["url"] = Signed,
        ["valueSignature"] = new JsonObject
        {
            ["type"] = new JsonArray(new JsonObject { ["system"] = "urn:iso-astm:E1762-95:2013", ["code"] = SignatureMeaning }),
            ["when"] = ResourceBody.Instant(report.SignedAt),
            // By name: who signed stays named when the account and its Practitioner are gone.
            ["who"] = new JsonObject { ["identifier"] = new JsonObject { ["value"] = report.Signer }, ["display"] = report.SignedBy },
        },
    };

    private static JsonObject List(FrozenReport report) => new()
    {
        ["url"] = Kept,
        ["extension"] = new JsonArray(
            Said("name", report.List), new JsonObject { ["url"] = "parts", ["valueInteger"] = report.Parts }, Said("digest", report.Digest),
            Said("definition", report.Definition), Said("position", report.Position.ToString(CultureInfo.InvariantCulture))),
    };

    private static string Extension(string name) => ProgrammeCodes.Canonical("StructureDefinition", name);

    private static JsonObject Said(string url, string value) => new() { ["url"] = url, ["valueString"] = value };

    private static JsonObject Reference(string reference) => new() { ["reference"] = reference };

    private static string Day(DateOnly day) => day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

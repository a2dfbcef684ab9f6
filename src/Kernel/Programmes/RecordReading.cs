using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Encodings.Web;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Programmes;

/// <summary>Reads through the door what the rules need of one person, and writes resources as changes.</summary>
internal static class RecordReading
{
    /// <summary>Most recent resources of a type that the rules see; a long record is cut to these.</summary>
    public const int MostPerType = 500;

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Types that any programme's rules speak of, with the parameter that leads to the person and what to sort by (null: newest first).
    private static readonly (string Type, string Parameter, string? Sort)[] Types =
    [
        ("EpisodeOfCare", "patient", null), ("Task", "patient", null), ("QuestionnaireResponse", "patient", null), ("Observation", "patient", "date"),
        ("Condition", "patient", null), ("ServiceRequest", "patient", null), ("MedicationStatement", "patient", null), ("AllergyIntolerance", "patient", null),
        ("Procedure", "patient", null), ("Consent", "patient", null),
    ];

    /// <summary>Null when the person is not there or may not be seen.</summary>
    public static async Task<PersonRecord?> PersonAsync(this RecordAccess records, Caller caller, string patientId, CancellationToken cancel)
    {
        var patient = await records.ReadAsync(caller, new("Patient", patientId), cancel);
        if (patient is null or { IsDeleted: true }) return null;
        var pages = await Task.WhenAll(Types.Select(t => records.SearchAsync(caller, Request(t, patientId), cancel)));
        return PersonRecord.Of(Parse(patient), pages.SelectMany(p => p.Matches).Select(Parse));
    }

    public static JsonElement Parse(Stored stored)
    {
        using var document = JsonDocument.Parse(stored.Body);
        return document.RootElement.Clone();
    }

    public static byte[] Bytes(JsonObject resource) => JsonSerializer.SerializeToUtf8Bytes(resource, Readable);

    public static Change Put(JsonObject resource, long? ifVersion = null) =>
        new Change.Put(new((string)resource["resourceType"]!, (string)resource["id"]!), Bytes(resource), ifVersion);

    private static SearchRequest Request((string Type, string Parameter, string? Sort) of, string patientId) => new()
    {
        Type = of.Type,
        Criteria = [new Criterion.Matches(SearchParameters.Get(of.Type, of.Parameter), Modifier.None, [new SearchValue.Reference("Patient", patientId)])],
        Sort = of.Sort is { } sort ? [new(SearchParameters.Get(of.Type, sort), Descending: true)] : [],
        Count = MostPerType,
    };
}

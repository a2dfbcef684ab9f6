using System.Buffers;
using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Fhir.Model;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Web.Fhir;

/// <summary>Which part of a resource is sent: <c>_summary</c> and <c>_elements</c> (FHIR R4 §3.1.1.5.8–9). What is not whole is tagged SUBSETTED.</summary>
internal sealed record Shape(SummaryMode Summary, IReadOnlyList<string> Elements)
{
    public static Shape Whole { get; } = new(SummaryMode.False, []);

    private static readonly JsonWriterOptions Raw = new() { SkipValidation = true };

    public bool IsWhole => Summary is SummaryMode.False && Elements.Count is 0;

    /// <summary>From the parameters of a read; refuses (400) what a read does not know.</summary>
    /// <param name="whatElse">True where the other parameters are a condition.</param>
    public static Shape Read(FhirCall call, bool whatElse = false)
    {
        if (call.Query.Length is 0) return Whole;
        var shape = Whole;
        foreach (var (name, value) in SearchQuery.Pairs(call.Query))
        {
            if (name is "_format" or "_pretty") continue;
            if (name is "_elements") shape = shape with { Elements = Split(value) };
            else if (name is "_summary") shape = shape with { Summary = Mode(value) };
            else if (!whatElse && !call.Prefer.Lenient)
                throw Unknown(name.Length > 64 ? name[..64] : name);
        }

        return shape;
    }

    private static RefusedException Unknown(string name) =>
        RefusedException.Because(400, "not-supported", $"The parameter '{name}' means nothing here.", name);

    private static string[] Split(string value) => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public byte[] Cut(string type, ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 256 });
        var buffer = new ArrayBufferWriter<byte>(body.Length);
        using (var writer = new Utf8JsonWriter(buffer, Raw))
        {
            var model = FirelyModel.R4.Type(type);
            writer.WriteStartObject();
            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (member.NameEquals("meta"u8)) WriteTagged(writer, member.Value);
                else if (Keeps(model, member.Name)) Write(writer, member, model);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private bool Keeps(TypeModel? model, string name)
    {
        if (name is "resourceType" or "id") return true;
        var element = Find(model, name);
        if (Elements.Count > 0 && Elements.Contains(element?.Name ?? name)) return true;
        var required = element is { Min: > 0 };
        return Summary switch
        {
            SummaryMode.True => required || element is { InSummary: true },
            SummaryMode.Text => required || name is "text",
            SummaryMode.Data => name is not "text",
            _ => required || name is "implicitRules" || (Elements.Count is 0),
        };
    }

    private void Write(Utf8JsonWriter writer, JsonProperty member, TypeModel? model)
    {
        writer.WritePropertyName(member.Name);
        var inner = Summary is SummaryMode.True && Find(model, member.Name) is { Types: [var only] } && FirelyModel.R4.Type(only) is { Kind: TypeKind.Backbone } backbone
            ? backbone : null;
        if (inner is null) writer.WriteRawValue(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
        else WriteWithin(writer, member.Value, inner);
    }

    private void WriteWithin(Utf8JsonWriter writer, JsonElement value, TypeModel model)
    {
        if (value.ValueKind is JsonValueKind.Array)
        {
            writer.WriteStartArray();
            foreach (var item in value.EnumerateArray()) WriteWithin(writer, item, model);
            writer.WriteEndArray();
        }
        else if (value.ValueKind is JsonValueKind.Object)
        {
            writer.WriteStartObject();
            foreach (var member in value.EnumerateObject())
                if (member.Name is "id" || Find(model, member.Name) is { InSummary: true } or { Min: > 0 }) Write(writer, member, model);
            writer.WriteEndObject();
        }
        else value.WriteTo(writer);
    }

    /// <summary>Meta with the tag that says that this is not the whole (FHIR R4 §3.1.1.5.8).</summary>
    private static void WriteTagged(Utf8JsonWriter writer, JsonElement meta)
    {
        writer.WriteStartObject("meta"u8);
        var tagged = false;
        foreach (var member in meta.EnumerateObject())
        {
            if (!member.NameEquals("tag"u8) || member.Value.ValueKind is not JsonValueKind.Array)
            {
                member.WriteTo(writer);
                continue;
            }

            tagged = true;
            writer.WriteStartArray("tag"u8);
            foreach (var tag in member.Value.EnumerateArray()) tag.WriteTo(writer);
            WriteSubsetted(writer);
            writer.WriteEndArray();
        }

        if (!tagged)
        {
            writer.WriteStartArray("tag"u8);
            WriteSubsetted(writer);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WriteSubsetted(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("system"u8, "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"u8);
        writer.WriteString("code"u8, "SUBSETTED"u8);
        writer.WriteEndObject();
    }

    private static ElementModel? Find(TypeModel? model, string name)
    {
        if (model is null) return null;
        var plain = name is ['_', ..] ? name[1..] : name;
        return model.Elements.TryGetValue(plain, out var element) ? element : model.Choices.TryGetValue(plain, out var choice) ? choice.Element : null;
    }

    private static SummaryMode Mode(string value) => value switch
    {
        "true" => SummaryMode.True,
        "text" => SummaryMode.Text,
        "data" => SummaryMode.Data,
        "false" => SummaryMode.False,
        _ => throw RefusedException.Because(400, "value", "'_summary' of one resource is true, text, data or false.", "_summary"),
    };
}

using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tongxin.Kernel.Records;

/// <summary>Replaces references inside a body by what they became in the transaction; every other byte stays (FHIR R4 §3.1.0.11.2).</summary>
internal static class ReferenceRewriting
{
    // Besides Reference.reference: elements of type uri that may name another entry. Not Identifier.value, which may look the same.
    private static readonly string[] Carriers = ["reference", "url", "uri", "valueUri", "valueUrl", "valueUuid", "valueOid", "valueCanonical"];

    /// <summary>Conditional references (<c>Patient?identifier=…</c>) in the body, in order.</summary>
    public static IReadOnlyList<string> Conditional(ReadOnlySpan<byte> body)
    {
        if (!body.Contains((byte)'?')) return [];
        var found = new List<string>();
        Scan(body, (name, value) =>
        {
            if (name is "reference" && IsConditional(value)) found.Add(value);
            return null;
        });
        return found;
    }

    /// <summary>The body with every known reference replaced; the same memory when there was none, or when it is no JSON (the reader refuses it then).</summary>
    public static ReadOnlyMemory<byte> Apply(ReadOnlyMemory<byte> body, IReadOnlyDictionary<string, string> becomes)
    {
        if (becomes.Count is 0) return body;
        var replaced = Scan(body.Span, (name, value) => Replacement(name, value, becomes));
        return replaced ?? body;
    }

    private static string? Replacement(string name, string value, IReadOnlyDictionary<string, string> becomes)
    {
        if (becomes.TryGetValue(value, out var whole)) return whole;
        // urn:uuid:…#fragment points into another entry.
        var hash = value.IndexOf('#', StringComparison.Ordinal);
        return hash > 0 && name is "reference" && becomes.TryGetValue(value[..hash], out var owner) ? owner + value[hash..] : null;
    }

    private static bool IsConditional(string value)
    {
        var mark = value.IndexOf('?', StringComparison.Ordinal);
        return mark > 0 && Model.FirelyModel.ResourceTypes.Contains(value[..mark]);
    }

    /// <summary>Asks for every carrier's value what it becomes; null when nothing changed or the text is no JSON.</summary>
    private static byte[]? Scan(ReadOnlySpan<byte> body, Func<string, string, string?> ask)
    {
        ArrayBufferWriter<byte>? output = null;
        var copied = 0;
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = BodyReader.DeepestNesting });
        string? carrier = null;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.PropertyName)
                {
                    carrier = null;
                    foreach (var name in Carriers)
                        if (reader.ValueTextEquals(name)) carrier = name;
                    continue;
                }

                if (carrier is not null && reader.TokenType is JsonTokenType.String && ask(carrier, reader.GetString()!) is { } becomes)
                {
                    output ??= new(body.Length + 64);
                    output.Write(body[copied..(int)reader.TokenStartIndex]);
                    output.Write(Encoding.UTF8.GetBytes($"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(becomes)}\""));
                    copied = (int)reader.BytesConsumed;
                }

                carrier = null;
            }
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return null;
        }

        if (output is null) return null;
        output.Write(body[copied..]);
        return output.WrittenSpan.ToArray();
    }
}

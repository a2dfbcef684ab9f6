using System.Text.Json;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>Whose record a stored resource belongs to, read from its bytes for the audit trail. Says nothing about who may see it: the engine has decided that.</summary>
internal static class PersonIn
{
    private static ReadOnlySpan<byte> Mark => "Patient/"u8;

    /// <summary>Null when it names no person at its top level.</summary>
    public static string? Of(Stored stored)
    {
        if (stored.Key.Type is "Patient") return stored.Key.Id;
        if (stored.IsDeleted || stored.Body.Span.IndexOf(Mark) < 0) return null;
        var reader = new Utf8JsonReader(stored.Body.Span);
        string? weaker = null;
        while (reader.Read())
        {
            if (reader.TokenType is not JsonTokenType.PropertyName || reader.CurrentDepth is not 1) continue;
            var strong = reader.ValueTextEquals("subject"u8) || reader.ValueTextEquals("patient"u8) || reader.ValueTextEquals("for"u8)
                || reader.ValueTextEquals("beneficiary"u8) || reader.ValueTextEquals("individual"u8);
            var weak = !strong && (reader.ValueTextEquals("participant"u8) || reader.ValueTextEquals("link"u8) || reader.ValueTextEquals("securityContext"u8));
            reader.Read();
            if (!strong && !weak)
            {
                reader.Skip();
                continue;
            }

            if (Reference(ref reader) is not { } person) continue;
            if (strong) return person;
            weaker ??= person;
        }

        return weaker;
    }

    // The first reference to a Patient within the value at hand; leaves the reader at its end.
    private static string? Reference(ref Utf8JsonReader reader)
    {
        string? found = null;
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) return null;
        var depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (found is not null || reader.TokenType is not JsonTokenType.PropertyName || !reader.ValueTextEquals("reference"u8)) continue;
            reader.Read();
            if (reader.TokenType is JsonTokenType.String && reader.GetString() is { } text && text.LastIndexOf("Patient/", StringComparison.Ordinal) is >= 0 and var at)
                found = text[(at + "Patient/".Length)..].Split('/')[0];
        }

        return found;
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tongxin.Kernel.Access;

/// <summary>One passage through the door: who, when, from where, in which role, why, what, on whom, and what was decided by which rule.</summary>
/// <remarks>Says which resources, never what they contain; a search keeps its text, since that is what was asked.</remarks>
public sealed record AuditEntry
{
    public required DateTimeOffset At { get; init; }

    /// <summary>Reference to the caller, <c>Practitioner/…</c>, <c>Patient/…</c> or <c>Device/…</c>.</summary>
    public required string Subject { get; init; }
    public required string Name { get; init; }
    public required Role Role { get; init; }
    public string? Organisation { get; init; }
    public string? Address { get; init; }
    public string? Session { get; init; }
    public required string Purpose { get; init; }

    /// <summary>read, vread, search, history, commit, sign-in, sign-out, break-glass, export, alert …</summary>
    public required string Did { get; init; }

    /// <summary>Resource type asked for; null when several or none.</summary>
    public string? Type { get; init; }

    /// <summary>References that were passed out or changed.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>Ids of the Patients whom they are about.</summary>
    public IReadOnlyCollection<string> People { get; init; } = [];

    public string? Query { get; init; }
    public required bool Permitted { get; init; }

    /// <summary>Rule that decided, e.g. <c>VillageDoctor</c>, <c>scope</c>, <c>no-policy</c>.</summary>
    public required string Rule { get; init; }

    /// <summary>Why, in the caller's words; for broken glass and protected programmes.</summary>
    public string? Reason { get; init; }

    /// <summary>Entry by a caller at a time; what was done is filled in by the door.</summary>
    public static AuditEntry By(Caller caller, DateTimeOffset at, string did, bool permitted, string rule) => new()
    {
        At = at, Subject = caller.Subject, Name = caller.Name, Role = caller.Role, Organisation = caller.Organisation, Address = caller.Address,
        Session = caller.Session, Purpose = caller.Purpose, Did = did, Permitted = permitted, Rule = rule,
    };

    /// <summary>One audit row: the passages of a short while, or the one of a commit.</summary>
    internal static byte[] Row(IReadOnlyList<AuditEntry> entries) => JsonSerializer.SerializeToUtf8Bytes(entries, AuditJson.Default.IReadOnlyListAuditEntry);

    /// <summary>Throws <see cref="JsonException"/> when the row is not what was written: somebody changed it.</summary>
    internal static IReadOnlyList<AuditEntry> Read(ReadOnlyMemory<byte> row) => JsonSerializer.Deserialize(row.Span, AuditJson.Default.IReadOnlyListAuditEntry) ?? [];
}

[JsonSerializable(typeof(IReadOnlyList<AuditEntry>))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
internal sealed partial class AuditJson : JsonSerializerContext;

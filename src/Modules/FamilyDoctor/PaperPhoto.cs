using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>A photo of the contract that a person signed on paper: a FHIR <c>Binary</c> of her record, to which the contract points with its digest.</summary>
/// <remarks>What it is says its content, not its name: JPEG or PNG of at most <see cref="MostBytes"/>. There is no other way to make one.</remarks>
public sealed class PaperPhoto
{
    public const int MostBytes = 4 << 20;
    private const int LeastBytes = 100;

    private readonly byte[] bytes;

    private PaperPhoto(byte[] bytes, string type) => (this.bytes, Type) = (bytes, type);

    /// <summary>image/jpeg or image/png.</summary>
    public string Type { get; }

    /// <summary>Null when it is no JPEG or PNG, or too large.</summary>
    public static PaperPhoto? Of(byte[] bytes) => bytes.Length is < LeastBytes or > MostBytes ? null
        : bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? new(bytes, "image/jpeg")
        : bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) ? new(bytes, "image/png") : null;

    /// <summary>The photo of a contract; null when it was signed on a screen, or the caller may not see it.</summary>
    public static async Task<PaperPhoto?> ReadAsync(RecordAccess records, Caller caller, JsonElement contract, CancellationToken cancel)
    {
        if (Address(contract) is not { } address || !ResourceKey.IsLegalId(address["Binary/".Length..])) return null;
        if (await records.ReadAsync(caller, ResourceKey.Parse(address), cancel) is not { IsDeleted: false } stored) return null;
        return JsonReading.Parse(stored).Text("data") is { } data ? Of(Convert.FromBase64String(data)) : null;
    }

    /// <summary>Where the photo of a contract stands; null when there is none.</summary>
    public static string? Address(JsonElement contract) =>
        contract.Each("legal").Select(l => l.Member("contentAttachment")?.Text("url")).FirstOrDefault(u => u?.StartsWith("Binary/", StringComparison.Ordinal) is true);

    public byte[] ToArray() => bytes;

    internal JsonObject Attachment(string patient) => new()
    {
        ["contentType"] = Type, ["url"] = $"Binary/{Id(patient)}", ["size"] = bytes.Length, ["hash"] = Convert.ToBase64String(Digest), ["title"] = "纸质签约照片",
    };

    internal Change Put(string patient) => JsonWriting.Put(new()
    {
        ["resourceType"] = "Binary", ["id"] = Id(patient), ["contentType"] = Type, ["securityContext"] = JsonWriting.Reference($"Patient/{patient}"),
        ["data"] = Convert.ToBase64String(bytes),
    });

    // FHIR R4 Attachment.hash is SHA-1: it finds a wrong picture, it does not stop a forger; the audit chain does.
#pragma warning disable CA5350
    private byte[] Digest => SHA1.HashData(bytes);
#pragma warning restore CA5350

    private string Id(string patient) => StableId.Of("paper", patient, Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length.ToString(CultureInfo.InvariantCulture));
}

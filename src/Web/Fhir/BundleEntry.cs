using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.Fhir;

/// <summary>One entry of a batch or transaction as a call of its own; what is wrong with it is kept until it is known whether the whole fails.</summary>
internal sealed record BundleEntry(int Index)
{
    public FhirCall? Call { get; private init; }

    /// <summary>Null when the entry can be tried.</summary>
    public RefusedException? Refusal { get; private init; }

    public string? FullUrl { get; private init; }

    public bool IsWrite => Call is { Method: not ("GET" or "HEAD") };

    /// <summary>FHIR R4 §3.1.0.11.2: DELETE, then POST, then PUT and PATCH, then GET.</summary>
    public int Order => Call?.Method switch { "DELETE" => 0, "POST" => 1, "PUT" or "PATCH" => 2, _ => 3 };

    private string Place => $"Bundle.entry[{Index}]";

    public static IReadOnlyList<BundleEntry> ReadAll(FhirCall bundle, JsonElement root)
    {
        if (!root.TryGetProperty("entry"u8, out var list)) return [];
        if (list.ValueKind is not JsonValueKind.Array) throw RefusedException.Because(400, "structure", "Bundle.entry is a list.", "Bundle.entry");
        if (list.GetArrayLength() > Bundles.MostEntries)
            throw RefusedException.Because(413, "too-costly", $"A bundle has at most {Bundles.MostEntries} entries.", "Bundle.entry");
        var entries = new List<BundleEntry>(list.GetArrayLength());
        foreach (var entry in list.EnumerateArray()) entries.Add(Read(bundle, entry, entries.Count));
        return entries;
    }

    public async Task<Change> ChangeAsync(FhirServer server, CancellationToken cancel)
    {
        if (Call is { Method: "PATCH", Address.Place: Fhir.Place.Instance }) return await Patching.ChangeAsync(server, Call, cancel) with { Place = Place };
        return Change();
    }

    /// <summary>The change of an entry that is no patch.</summary>
    public Change Change()
    {
        if (Refusal is not null) throw Refusal;
        var call = Call!;
        Change? change = (call.Method, call.Address.Place) switch
        {
            ("POST", Fhir.Place.Type) => Writing.Create(call, FullUrl),
            ("PUT", Fhir.Place.Instance) => Writing.Update(call, FullUrl),
            ("PUT", Fhir.Place.Type) => Writing.UpdateWhere(call, FullUrl),
            ("DELETE", Fhir.Place.Instance) => Writing.Delete(call, FullUrl),
            ("DELETE", Fhir.Place.Type) => Writing.DeleteWhere(call, FullUrl),
            _ => null,
        };
        return change is null
            ? throw RefusedException.Because(400, "not-supported", $"{call.Method} is not possible at this address in a bundle.", $"{Place}.request")
            : change with { Place = Place };
    }

    private static BundleEntry Read(FhirCall bundle, JsonElement entry, int index)
    {
        var empty = new BundleEntry(index);
        try
        {
            return empty.Filled(bundle, entry);
        }
        catch (RefusedException refusal)
        {
            return empty with { Refusal = new(refusal.Status, [.. refusal.Issues.Select(i => i with { Expression = i.Expression ?? $"{empty.Place}.request" })]) };
        }
    }

    private BundleEntry Filled(FhirCall bundle, JsonElement entry)
    {
        if (entry.ValueKind is not JsonValueKind.Object || !entry.TryGetProperty("request"u8, out var request) || request.ValueKind is not JsonValueKind.Object)
            throw RefusedException.Because(400, "required", "Each entry has a request with method and url.", $"{Place}.request");
        var method = Text(request, "method", "request.method") ?? throw RefusedException.Because(400, "required", "The request has no method.", $"{Place}.request.method");
        if (method is not ("GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE"))
            throw RefusedException.Because(400, "value", "The method is GET, HEAD, POST, PUT, PATCH or DELETE.", $"{Place}.request.method");
        var url = Text(request, "url", "request.url") ?? throw RefusedException.Because(400, "required", "The request has no url.", $"{Place}.request.url");
        if (url.StartsWith(bundle.Base, StringComparison.OrdinalIgnoreCase)) url = url[bundle.Base.Length..];
        var mark = url.IndexOf('?', StringComparison.Ordinal);
        var body = Body(bundle.Body, entry);
        if (body.Length is 0 && method is "POST" or "PUT" or "PATCH") throw RefusedException.Because(400, "required", $"{method} needs a resource.", $"{Place}.resource");
        return this with
        {
            FullUrl = Text(entry, "fullUrl", "fullUrl"),
            Call = bundle with
            {
                IsEntry = true,
                Method = method,
                Address = FhirAddress.Parse(Uri.UnescapeDataString(mark < 0 ? url : url[..mark])),
                Query = mark < 0 ? "" : url[(mark + 1)..],
                Form = "",
                Body = body,
                BodyType = "application/fhir+json",
                IfMatch = Text(request, "ifMatch", "request.ifMatch"),
                IfNoneMatch = Text(request, "ifNoneMatch", "request.ifNoneMatch"),
                IfModifiedSince = null,
                IfNoneExist = Text(request, "ifNoneExist", "request.ifNoneExist"),
            },
        };
    }

    private string? Text(JsonElement holder, string name, string place)
    {
        if (!holder.TryGetProperty(name, out var value)) return null;
        return value.ValueKind is JsonValueKind.String ? value.GetString() : throw RefusedException.Because(400, "structure", $"{name} is a string.", $"{Place}.{place}");
    }

    /// <summary>The resource's own bytes, a slice of the bundle's.</summary>
    public static ReadOnlyMemory<byte> Body(ReadOnlyMemory<byte> bundle, JsonElement entry)
    {
        if (!entry.TryGetProperty("resource"u8, out var resource)) return default;
        var raw = JsonMarshal.GetRawUtf8Value(resource);
        var offset = (int)Unsafe.ByteOffset(ref MemoryMarshal.GetReference(bundle.Span), ref MemoryMarshal.GetReference(raw));
        return bundle.Slice(offset, raw.Length);
    }
}

using Tongxin.Kernel.Records.Model;

namespace Tongxin.Kernel.Records.Search;

/// <summary>A literal reference taken apart: <c>Patient/1</c>, <c>Patient/1/_history/2</c>, <c>http://elsewhere/fhir/Patient/1</c>, <c>urn:uuid:…</c>.</summary>
/// <param name="Type">Null when the text does not tell.</param>
/// <param name="Id">Set for references to this server only.</param>
/// <param name="Url">Set for all others, without version; null for local ones.</param>
public readonly record struct ReferenceText(string? Type, string? Id, string? Url, string? Version)
{
    private const string History = "/_history/";

    public bool IsLocal => Id is not null;

    /// <summary>Null for what points nowhere: an empty text or a contained resource (<c>#x</c>).</summary>
    /// <param name="bases">Addresses of this server, ending in a slash; a reference that begins with one is local.</param>
    public static ReferenceText? Read(string text, IReadOnlyList<string> bases)
    {
        if (text.Length is 0 || text[0] is '#') return null;
        foreach (var address in bases)
            if (text.StartsWith(address, StringComparison.Ordinal)) return Local(text[address.Length..]) ?? new(null, null, text, null);
        if (Local(text) is { } local) return local;

        var (url, version) = Cut(text);
        var parts = url.Split('/');
        return parts is [.., var type, var id] && FirelyModel.ResourceTypes.Contains(type) && ResourceKey.IsLegalId(id)
            ? new(type, null, url, version)
            : new(null, null, url, version);
    }

    private static ReferenceText? Local(string text)
    {
        var (path, version) = Cut(text);
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !FirelyModel.ResourceTypes.Contains(path[..slash]) || !ResourceKey.IsLegalId(path[(slash + 1)..])) return null;
        return new(path[..slash], path[(slash + 1)..], null, version);
    }

    private static (string Path, string? Version) Cut(string text)
    {
        var fragment = text.IndexOf('#', StringComparison.Ordinal);
        if (fragment > 0) text = text[..fragment];
        var history = text.IndexOf(History, StringComparison.Ordinal);
        return history < 0 ? (text, null) : (text[..history], text[(history + History.Length)..]);
    }
}

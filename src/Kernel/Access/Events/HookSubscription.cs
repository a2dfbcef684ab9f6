using System.Text.Json;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>A Subscription with a rest-hook, read from the record (FHIR R4 §2.46.7.1).</summary>
/// <param name="Criteria">Type and search, e.g. <c>Observation?code=…</c>.</param>
/// <param name="Payload">Media type of the resource that is sent along; null for an empty notice.</param>
/// <param name="Headers">Lines such as <c>Authorization: Bearer …</c>.</param>
/// <param name="Organisation">Id of the organisation whose people it is about; null for everybody's.</param>
internal sealed record HookSubscription(
    ResourceKey Key, long Version, string Status, string Criteria, Uri Endpoint, string? Payload, IReadOnlyList<string> Headers, DateTimeOffset? End, string? Organisation)
{
    /// <summary>Extension with a reference to the organisation for which others are told; only the operator writes Subscriptions.</summary>
    public const string OrganisationUrl = "https://tongxin.health/fhir/StructureDefinition/subscription-organization";

    /// <summary>What the subscriber may see: all, or what an application of that organisation may.</summary>
    public Caller Caller => Organisation is null
        ? new() { Subject = $"Device/subscription-{Key.Id}", Name = Key.ToString(), Role = Role.System, Purpose = "HSYSADMIN" }
        : new() { Subject = $"Device/subscription-{Key.Id}", Name = Key.ToString(), Role = Role.Integration, Organisation = Organisation, Scopes = ["system/*.rs"] };

    public string Type => Criteria.Split('?')[0];
    public string Query => Criteria.Contains('?', StringComparison.Ordinal) ? Criteria[(Criteria.IndexOf('?', StringComparison.Ordinal) + 1)..] : "";

    /// <summary>Everything that a delivery goes by: another meaning is another delivery.</summary>
    public string Meaning => string.Join('\n', [Criteria, Endpoint.ToString(), Payload ?? "", Organisation ?? "", End?.ToString("O") ?? "", .. Headers]);

    // Its own notes stand in Basic and Subscription: telling of those would go on for ever.
    private static readonly string[] unserved = ["Basic", "Subscription", "AuditEvent"];

    /// <summary>Null with a sentence when it cannot be served.</summary>
    public static HookSubscription? Read(Stored stored, out string why)
    {
        using var document = JsonDocument.Parse(stored.Body);
        var root = document.RootElement;
        why = "";
        var channel = root.TryGetProperty("channel", out var given) ? given : default;
        if (Text(channel, "type") is not "rest-hook") why = "Only rest-hook channels are served; a stream of events is $events.";
        if (!Uri.TryCreate(Text(channel, "endpoint"), UriKind.Absolute, out var endpoint)) why = "The channel has no endpoint that is an absolute address.";
        if (Text(channel, "payload") is { Length: > 0 } media && media is not ("application/fhir+json" or "application/json")) why = "The payload can be application/fhir+json.";
        if (unserved.Contains(Text(root, "criteria").Split('?')[0], StringComparer.Ordinal)) why = "Nobody can subscribe to this type.";
        if (why.Length > 0) return null;
        return new(stored.Key, stored.Version, Text(root, "status"), Text(root, "criteria"), endpoint!, Text(channel, "payload") is { Length: > 0 } payload ? payload : null,
            channel.TryGetProperty("header", out var headers) ? [.. headers.EnumerateArray().Select(h => h.GetString() ?? "")] : [],
            DateTimeOffset.TryParse(Text(root, "end"), System.Globalization.CultureInfo.InvariantCulture, out var end) ? end : null, OrganisationOf(root));
    }

    private static string? OrganisationOf(JsonElement root)
    {
        if (!root.TryGetProperty("extension", out var extensions)) return null;
        foreach (var extension in extensions.EnumerateArray())
            if (Text(extension, "url") is OrganisationUrl && extension.TryGetProperty("valueReference", out var reference)) return Text(reference, "reference").Split('/')[^1];
        return null;
    }

    private static string Text(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString()! : "";
}

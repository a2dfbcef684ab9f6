using System.Text.Json.Nodes;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>A member of staff as FHIR: <c>Practitioner</c> and the post as <c>PractitionerRole</c>, so that records can name who did what.</summary>
public static class StaffBody
{
    public const string RoleSystem = "https://tongxin.health/cs/role";

    /// <param name="subject"><c>Practitioner/…</c>; anything else is no member of staff and gives no changes.</param>
    public static IReadOnlyList<Change> Changes(string subject, string name, Role role, string? organisation, bool isThere)
    {
        if (!subject.StartsWith("Practitioner/", StringComparison.Ordinal) || !ResourceKey.IsLegalId(subject["Practitioner/".Length..])) return [];
        var id = subject["Practitioner/".Length..];
        var changes = new List<Change>();
        if (!isThere)
            changes.Add(Put(new()
            {
                ["resourceType"] = "Practitioner", ["id"] = id, ["active"] = true, ["name"] = new JsonArray(new JsonObject { ["text"] = name }),
            }));
        if (organisation is null) return changes;
        var post = $"r-{id}-{Code(role)}";
        changes.Add(Put(new()
        {
            ["resourceType"] = "PractitionerRole", ["id"] = post.Length > ResourceKey.LongestId ? post[..ResourceKey.LongestId] : post, ["active"] = true,
            ["practitioner"] = new JsonObject { ["reference"] = subject, ["display"] = name },
            ["organization"] = new JsonObject { ["reference"] = $"Organization/{organisation}" },
            ["code"] = new JsonArray(new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["system"] = RoleSystem, ["code"] = Code(role) }) }),
        }));
        return changes;
    }

    /// <summary>VillageDoctor → village-doctor.</summary>
    public static string Code(Role role) =>
        string.Concat(role.ToString().Select((c, at) => char.IsUpper(c) && at > 0 ? "-" + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString()));

    private static Change.Put Put(JsonObject body) =>
        new(new((string)body["resourceType"]!, (string)body["id"]!), PlainJson.Bytes(body));
}

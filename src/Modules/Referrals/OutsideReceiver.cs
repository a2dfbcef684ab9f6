using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Referrals;

/// <summary>A receiver that does not work on this platform: an organisation of kind <c>outside</c>. What it answers is taken down by the sender.</summary>
/// <param name="Address">Where its FHIR server takes transactions, from its <c>Endpoint</c>; null when it is reached on paper only.</param>
public sealed record OutsideReceiver(string Organisation, Uri? Address)
{
    public const string Kind = "outside";
    private static readonly Caller Self = Caller.System("referral-outside");

    /// <summary>Null when it works on this platform, or is not there.</summary>
    public static async Task<OutsideReceiver?> OfAsync(RecordAccess records, string organisation, CancellationToken cancel)
    {
        if (!ResourceKey.IsLegalId(organisation) || await records.ReadAsync(Self, new("Organization", organisation), cancel) is not { IsDeleted: false } stored) return null;
        var body = JsonReading.Parse(stored);
        if (Organisations.Read(organisation, body).Kind is not Kind) return null;
        foreach (var id in body.Each("endpoint").Select(e => e.Text("reference")?.Split('/')[^1]).OfType<string>().Where(ResourceKey.IsLegalId))
            if (await records.ReadAsync(Self, new("Endpoint", id), cancel) is { IsDeleted: false } found && JsonReading.Parse(found) is var endpoint
                && endpoint.Text("status") is "active" && Uri.TryCreate(endpoint.Text("address"), UriKind.Absolute, out var address))
                return new(organisation, address);
        return new(organisation, null);
    }
}

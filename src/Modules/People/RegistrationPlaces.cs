using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;

namespace Tongxin.Modules.People;

/// <summary>Where the caller may register people: her own place and what stands open below it, in the order of the divisions.</summary>
internal static class RegistrationPlaces
{
    public static async Task<IReadOnlyList<Organisation>> OfAsync(OrganisationTree tree, Caller caller, TimeProvider clock, CancellationToken cancel)
    {
        var organisations = await tree.GetAsync(cancel);
        var today = LocalTime.Today(clock);
        return [.. organisations.DownFrom(caller.Organisation).Select(organisations.Find).OfType<Organisation>().Where(o => o.IsOpenOn(today))
            .OrderBy(o => o.Division, StringComparer.Ordinal)];
    }
}

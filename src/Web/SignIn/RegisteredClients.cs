using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>Who a registered backend service is at the door, for ways in that carry no token: by its registration as it stands at the moment.</summary>
/// <remarks>Whoever uses this has made sure by other means that it is that service. Removing the registration closes the way.</remarks>
public sealed class RegisteredClients(IServiceScopeFactory scopes)
{
    /// <summary>Null when there is no such service, or it has no organisation.</summary>
    public async Task<Caller?> CallerOfAsync(string clientId, string? address, CancellationToken cancel)
    {
        await using var scope = scopes.CreateAsyncScope();
        var clients = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        if (await clients.FindByClientIdAsync(clientId, cancel) is not { } client) return null;
        if (await NewClient.PropertyOfAsync(clients, client, NewClient.OrganisationProperty, cancel) is not { } organisation) return null;
        return new()
        {
            Subject = $"Device/{NewAccount.IdFrom(clientId)}",
            Name = await clients.GetDisplayNameAsync(client, cancel) ?? clientId,
            Role = Role.Integration,
            Organisation = organisation,
            Scopes = [.. (await NewClient.ScopesOfAsync(clients, client, cancel)).Where(GrantedScopes.IsOfResources)],
            Address = address,
        };
    }
}

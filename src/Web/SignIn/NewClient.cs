using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tongxin.Web.SignIn;

/// <summary>A program to be registered: an application for people (redirect addresses), or a backend service (a key set or a secret and no redirect).</summary>
/// <remarks>SMART App Launch 2.2 §§4, 5: what it may ask for and, for a backend service, whose people it reaches is fixed here, not by its requests.</remarks>
public sealed record NewClient
{
    public const string OrganisationProperty = "organisation";
    public const string LaunchProperty = "launch";
    private const int ShortestSecret = 24;
    private const int LongestId = 100;
    private static readonly string[] OfIdentity = [GrantedScopes.OpenId, GrantedScopes.FhirUser, GrantedScopes.Launch, GrantedScopes.LaunchPatient, GrantedScopes.Offline];

    public required string Id { get; init; }
    public required string Name { get; init; }
    public required IReadOnlyList<string> Scopes { get; init; }
    public IReadOnlyList<string> Redirects { get; init; } = [];

    /// <summary>Address that an EHR launch opens; null for an application that starts by itself only.</summary>
    public string? LaunchAddress { get; init; }

    /// <summary>Id of the Organization whose people a backend service reaches.</summary>
    public string? Organisation { get; init; }

    /// <summary>JSON Web Key Set with the public keys of whoever signs the client's assertions.</summary>
    public string? KeySet { get; init; }
    public string? Secret { get; init; }

    private bool IsService => Redirects.Count is 0;

    /// <summary>Sentences that say what is wrong; empty when it was registered.</summary>
    public async Task<IReadOnlyList<string>> MakeAsync(IOpenIddictApplicationManager clients, CancellationToken cancel)
    {
        if (Problems() is { Count: > 0 } problems) return problems;
        if (await clients.FindByClientIdAsync(Id, cancel) is not null) return [$"There is a client '{Id}' already."];
        await clients.CreateAsync(Descriptor(), cancel);
        return [];
    }

    private List<string> Problems()
    {
        var problems = new List<string>();
        if (Id.Length is 0 or > LongestId || !Id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'))
            problems.Add($"A client id is 1 to {LongestId} letters, digits, '-', '.', '_'.");
        foreach (var scope in Scopes)
            if (!GrantedScopes.IsOfResources(scope) && !OfIdentity.Contains(scope)) problems.Add($"'{scope}' is no scope.");
        if (Scopes.Any(s => s.StartsWith("system/", StringComparison.Ordinal)) != IsService)
            problems.Add("system/ scopes are for backend services, which have no redirect address, and for them only.");
        if (IsService && (Organisation is null || (KeySet is null && Secret is null))) problems.Add("A backend service needs an organisation, and a key set or a secret.");
        foreach (var address in LaunchAddress is null ? Redirects : [.. Redirects, LaunchAddress])
            if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || !(uri.Scheme is "https" || uri.IsLoopback) || uri.Fragment.Length > 0)
                problems.Add($"'{address}' is not an https address.");
        if (Secret is { Length: < ShortestSecret }) problems.Add($"A secret has at least {ShortestSecret} characters.");
        if (KeySet is not null && !IsPublicKeySet(KeySet)) problems.Add("The key set is not a JSON Web Key Set of public keys.");
        return problems;
    }

    // A private key in a register would be everybody's who can read it.
    private static bool IsPublicKeySet(string text)
    {
        try
        {
            var keys = new JsonWebKeySet(text).Keys;
            return keys.Count > 0 && keys.All(k => !k.HasPrivateKey && k.Kty is "RSA" or "EC");
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private OpenIddictApplicationDescriptor Descriptor()
    {
        var client = new OpenIddictApplicationDescriptor
        {
            ClientId = Id, DisplayName = Name, ClientSecret = Secret,
            ClientType = Secret is null && KeySet is null ? ClientTypes.Public : ClientTypes.Confidential,
            JsonWebKeySet = KeySet is null ? null : new(KeySet),
        };
        client.Permissions.UnionWith([Permissions.Endpoints.Token, Permissions.Endpoints.Revocation]);
        if (IsService) client.Permissions.UnionWith([Permissions.GrantTypes.ClientCredentials, Permissions.Endpoints.Introspection]);
        else
            client.Permissions.UnionWith([Permissions.Endpoints.Authorization, Permissions.GrantTypes.AuthorizationCode, Permissions.GrantTypes.RefreshToken,
                Permissions.ResponseTypes.Code]);
        foreach (var scope in Scopes) client.Permissions.Add(Permissions.Prefixes.Scope + scope);
        foreach (var redirect in Redirects) client.RedirectUris.Add(new(redirect));
        if (Organisation is not null) client.Properties[OrganisationProperty] = JsonSerializer.SerializeToElement(Organisation);
        if (LaunchAddress is not null) client.Properties[LaunchProperty] = JsonSerializer.SerializeToElement(LaunchAddress);
        return client;
    }

    /// <summary>Scopes that a client was registered with.</summary>
    internal static async Task<IReadOnlyCollection<string>> ScopesOfAsync(IOpenIddictApplicationManager clients, object client, CancellationToken cancel) =>
        [.. (await clients.GetPermissionsAsync(client, cancel)).Where(p => p.StartsWith(Permissions.Prefixes.Scope, StringComparison.Ordinal))
            .Select(p => p[Permissions.Prefixes.Scope.Length..])];

    internal static async Task<string?> PropertyOfAsync(IOpenIddictApplicationManager clients, object client, string name, CancellationToken cancel) =>
        (await clients.GetPropertiesAsync(client, cancel)).TryGetValue(name, out var found) ? found.GetString() : null;
}

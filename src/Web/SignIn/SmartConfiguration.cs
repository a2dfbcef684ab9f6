using Microsoft.AspNetCore.Http;

namespace Tongxin.Web.SignIn;

/// <summary><c>.well-known/smart-configuration</c> (SMART App Launch 2.2 §7), under the API as it must be; told to everybody.</summary>
internal static class SmartConfiguration
{
    private static readonly string[] Algorithms = ["RS384", "ES384", "RS256", "ES256"];
    private static readonly string[] Methods = ["private_key_jwt", "client_secret_basic", "client_secret_post"];
    private static readonly string[] Scopes =
        ["openid", "fhirUser", "launch", "launch/patient", "offline_access", "patient/*.cruds", "user/*.cruds", "system/*.cruds"];
    private static readonly string[] Capabilities =
    [
        "launch-ehr", "launch-standalone", "client-public", "client-confidential-symmetric", "client-confidential-asymmetric", "sso-openid-connect",
        "context-ehr-patient", "context-standalone-patient", "permission-patient", "permission-user", "permission-offline", "permission-v1", "permission-v2",
    ];

    public static Task TellAsync(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Path != "/fhir/.well-known/smart-configuration") return next(http);
        var root = Root(http);
        return http.Response.WriteAsJsonAsync(new Dictionary<string, object>
        {
            ["issuer"] = root + "/",
            ["jwks_uri"] = $"{root}/.well-known/jwks",
            ["authorization_endpoint"] = $"{root}/connect/authorize",
            ["token_endpoint"] = $"{root}/connect/token",
            ["introspection_endpoint"] = $"{root}/connect/introspect",
            ["revocation_endpoint"] = $"{root}/connect/revoke",
            ["grant_types_supported"] = new[] { "authorization_code", "client_credentials", "refresh_token" },
            ["code_challenge_methods_supported"] = new[] { "S256" },
            ["response_types_supported"] = new[] { "code" },
            ["token_endpoint_auth_methods_supported"] = Methods,
            ["token_endpoint_auth_signing_alg_values_supported"] = Algorithms,
            ["scopes_supported"] = Scopes,
            ["capabilities"] = Capabilities,
        });
    }

    /// <summary>The server as this caller knows it, without a slash at the end.</summary>
    public static string Root(HttpContext http) => $"{http.Request.Scheme}://{http.Request.Host}";
}

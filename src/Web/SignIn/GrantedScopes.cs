using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>Which of the scopes a program asks for it gets: those within what it was registered with; a narrower one of a registered one is within.</summary>
/// <remarks>SMART App Launch 2.2 §3: a server may grant fewer scopes than were asked for. What is granted is decided again at the door.</remarks>
internal static class GrantedScopes
{
    public const string OpenId = "openid";
    public const string FhirUser = "fhirUser";
    public const string Launch = "launch";
    public const string LaunchPatient = "launch/patient";
    public const string Offline = "offline_access";

    public static IReadOnlyList<string> Of(IEnumerable<string> asked, IReadOnlyCollection<string> registered) =>
        [.. asked.Distinct(StringComparer.Ordinal).Where(scope => registered.Contains(scope) || registered.Any(r => Within(scope, r)))];

    /// <summary>Whether it is about resources, as opposed to identity and launch.</summary>
    public static bool IsOfResources(string scope) => SmartScope.TryParse(scope, out _);

    private static bool Within(string asked, string registered) =>
        SmartScope.TryParse(asked, out var narrow) && SmartScope.TryParse(registered, out var wide)
        && narrow.Level == wide.Level && (wide.Type is "*" || wide.Type == narrow.Type)
        && (narrow.Interactions & ~wide.Interactions) is Interactions.None
        && (wide.Query is null || wide.Query == narrow.Query);
}

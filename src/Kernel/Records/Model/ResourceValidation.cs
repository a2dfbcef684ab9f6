using Tongxin.Fhir.Validation;

namespace Tongxin.Kernel.Records.Model;

/// <summary>The validator of the server: FHIR R4's own types and codes, and what the terminology and the modules add.</summary>
public static class ResourceValidation
{
    /// <param name="isMember">Canonical of a value set, system, code; null when the terminology does not know the set.</param>
    /// <param name="profile">Profile by canonical; null when no module brought it.</param>
    public static Validator Create(Func<string, string?, string, bool?>? isMember = null, Func<string, Profile?>? profile = null) => new(
        FirelyModel.R4,
        new()
        {
            IsMember = (set, system, code) =>
                FirelyModel.R4.RequiredCodes(set) is { } own ? own.Codes.Contains(code) && (system is null || own.System is null || own.System == system)
                : isMember?.Invoke(set, system, code),
            Profile = profile ?? (_ => null),
        });
}

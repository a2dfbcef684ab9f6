namespace Tongxin.Kernel.Access;

/// <summary>Who is asking, in which role, from where, and why. Made from a session or a token; never from the request's body.</summary>
public sealed record Caller
{
    /// <summary>Stable id of the account, <c>Practitioner/…</c> or <c>Patient/…</c> or <c>Device/…</c> of the caller as a reference.</summary>
    public required string Subject { get; init; }

    /// <summary>Name shown in the audit trail, e.g. 李建平.</summary>
    public required string Name { get; init; }

    /// <summary>The one role this session acts in.</summary>
    public required Role Role { get; init; }

    /// <summary>Id of the Organization at which the role is held; null for residents and the system itself.</summary>
    public string? Organisation { get; init; }

    /// <summary>Why: purpose-of-use code (TREAT, HOPERAT, PUBHLTH, PATRQT, BTG, HSYSADMIN); the first of the role unless the session says another.</summary>
    public string Purpose { get => field ?? Policy.Of(Role)?.Purposes[0] ?? "TREAT"; init; }

    /// <summary>Ids of the Patients for whom a proxy speaks; empty for all others.</summary>
    public IReadOnlyList<string> Wards { get; init; } = [];

    /// <summary>Id of the Patient whose context an application was launched in; <c>patient/</c> scopes reach that one only.</summary>
    public string? Patient { get; init; }

    /// <summary>Address the request came from, for the audit trail.</summary>
    public string? Address { get; init; }

    /// <summary>Session or token id, for the audit trail and sign-out everywhere.</summary>
    public string? Session { get; init; }

    /// <summary>SMART scopes that narrow the role further; null when the caller is a person in a browser.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Id of the Patient whose glass was broken for this session, when it was.</summary>
    public string? BrokenGlass { get; init; }

    /// <summary>The system's own hands: followers, seeding, import. Still audited.</summary>
    public static Caller System(string what) => new() { Subject = $"Device/{what}", Name = what, Role = Role.System, Purpose = "HSYSADMIN" };
}

/// <summary>Roles of the platform; each is a policy in the access policy.</summary>
public enum Role
{
    /// <summary>Nobody: the default, which has no policy and is refused everywhere.</summary>
    Nobody,

    /// <summary>The system's own hands; no account can hold it.</summary>
    System,
    VillageDoctor,
    TownshipClinician,
    PublicHealthStaff,
    Specialist,
    HospitalManager,
    TeamLeader,
    CountyCommission,
    CityCommission,
    DiseaseControl,
    Auditor,
    SecurityOfficer,
    Administrator,
    Resident,
    Proxy,
    Integration,
}

using System.Collections.Frozen;
using Tongxin.Kernel.Records;
using static Tongxin.Kernel.Access.Interactions;
using static Tongxin.Kernel.Records.SensitivityLabels;
using static Tongxin.Kernel.Records.Visibility.Reach;

namespace Tongxin.Kernel.Access;

/// <summary>The access policy: one row per role, read top to bottom. A role, a type or an interaction that is absent is refused.</summary>
/// <remarks>
/// Sources: 个人信息保护法 §§28-31 (least necessary), 精神卫生法 §23 and 艾滋病防治条例 §39 (sensitive compartments), GB/T 22239-2019 level 3
/// (three separate administrators: system, security, audit). <see cref="Role.System"/> has no row: it is not a person's and passes whole.
/// </remarks>
public static class Policy
{
    private static readonly string[] Care = ["TREAT", "PUBHLTH", "ETREAT", "BTG", "HOPERAT"];

    // A family-doctor team is nobody's; the team of one person's treatment is hers.
    private static readonly IReadOnlySet<string> Teams = ResourceGroups.Set("CareTeam");

    // Everybody who is signed in finds places, staff, definitions and free appointments.
    private static readonly Grant[] Everybody = [new(ResourceGroups.Directory, Shared, Look), new(ResourceGroups.Definitions, Shared, Look),
        new(ResourceGroups.Calendars, Shared, Look), new(Teams, Shared, Look)];

    private static readonly Grant[] Carers =
    [
        .. Everybody, new(ResourceGroups.Clinical, Related, Keep), new(ResourceGroups.Affairs, RelatedOrShared, Keep), new(ResourceGroups.Money, Related, Keep),
            new(ResourceGroups.Calendars, Shared, Keep),
    ];

    // Whoever speaks for another decides nothing about who else may look, and so cannot lengthen her own say.
    private static readonly Grant[] ForAnother =
    [
        .. Everybody, new(ResourceGroups.Clinical, Related, Look), new(ResourceGroups.Affairs, Related, Look), new(ResourceGroups.Money, Related, Look),
        // What a resident may add: own measurements and answers, bookings, letters, requests such as a correction.
        new(ResourceGroups.Set("Observation QuestionnaireResponse Appointment Communication Task"), Related, Create),
        new(ResourceGroups.Set("Appointment"), Related, Update),
    ];

    private static readonly Grant[] Themselves = [.. ForAnother, new(ResourceGroups.Set("Consent"), Related, Create | Update)];

    private static readonly FrozenDictionary<Role, RolePolicy> Table = new Dictionary<Role, RolePolicy>
    {
        // 乡村医生: the people of the clinic.
        [Role.VillageDoctor] = new() { Span = Span.Own, Grants = Carers, Purposes = Care, MayBreakGlass = true },

        // 乡镇卫生院临床医师: the people of the centre and its villages; antenatal care is theirs.
        [Role.TownshipClinician] = new() { Span = Span.OwnAndBelow, Grants = Carers, Labels = FamilyPlanning, Purposes = Care, MayBreakGlass = true },

        // 公卫人员: runs the programmes for severe mental disorders, children and mothers.
        [Role.PublicHealthStaff] = new()
        {
            Span = Span.OwnAndBelow, Grants = Carers, Labels = MentalHealth | FamilyPlanning | Minors, Purposes = Care, MayBreakGlass = true,
        },

        // 专科医师、诊断中心: whoever was referred, sent a specimen or is in the house.
        [Role.Specialist] = new()
        {
            Span = Span.Own, Grants = Carers, Labels = SensitivityLabels.All, Purposes = Care, MayBreakGlass = true,
        },

        // 家庭医生团队长
        [Role.TeamLeader] = new()
        {
            Span = Span.OwnAndBelow, Grants = [.. Carers, new(ResourceGroups.Figures, Shared, Look)], Labels = MentalHealth | FamilyPlanning | Minors,
                Purposes = Care, MayBreakGlass = true,
        },

        // 院长: figures, and the running of the house; no notes, results or diagnoses.
        [Role.HospitalManager] = new()
        {
            Span = Span.Own,
            Grants = [.. Everybody, new(ResourceGroups.Figures, Shared, Look), new(ResourceGroups.Set("Patient Encounter ServiceRequest Task Appointment"), Related,
                Look), new(ResourceGroups.Calendars, Shared, Keep)],
            Purposes = ["HOPERAT"],
        },

        // 县、市卫生健康局: figures. People only through a role that names them.
        [Role.CountyCommission] = new() { Span = Span.Nobody, Grants = [.. Everybody, new(ResourceGroups.Figures, Shared, Look)], Purposes = ["HOPERAT", "PUBHLTH"] },
        [Role.CityCommission] = new() { Span = Span.Nobody, Grants = [.. Everybody, new(ResourceGroups.Figures, Shared, Look)], Purposes = ["HOPERAT", "PUBHLTH"] },

        // 疾病预防控制: looks at cases in the whole county, adds tasks and letters, changes no record.
        [Role.DiseaseControl] = new()
        {
            Span = Span.County,
            Grants =
            [
                .. Everybody, new(ResourceGroups.Figures, Shared, Look),
                new(ResourceGroups.Set("Patient Condition Observation Immunization Encounter EpisodeOfCare QuestionnaireResponse DiagnosticReport Flag"), Related, Look),
                new(ResourceGroups.Set("Task Communication"), Related, Keep),
            ],
            Labels = Hiv, Purposes = ["PUBHLTH"],
        },

        // The three administrators of GB/T 22239: none sees clinical data. Nobody's tasks are reviews and alerts.
        [Role.Auditor] = new() { Span = Span.Nobody, Grants = [.. Everybody, new(ResourceGroups.Set("Task"), Shared, Look | Update)], Purposes = ["HSYSADMIN"] },
        [Role.SecurityOfficer] = new() { Span = Span.Nobody, Grants = [.. Everybody, new(ResourceGroups.Set("Task"), Shared, Look | Update)], Purposes = ["HSYSADMIN"] },
        [Role.Administrator] = new()
        {
            Span = Span.Nobody, Grants = [new(ResourceGroups.Directory, Shared, Interactions.All), new(ResourceGroups.Definitions, Shared, Interactions.All),
                new(ResourceGroups.Calendars, Shared, Look)], Purposes = ["HSYSADMIN"],
        },

        // 居民: all of their own record, sensitive parts too (精神卫生法 §47, 医疗纠纷预防和处理条例 §16).
        [Role.Resident] = new() { Span = Span.Self, Grants = Themselves, Labels = SensitivityLabels.All, Purposes = ["PATRQT"] },

        // 代办人: a child's or parent's record without what the person would keep to herself.
        [Role.Proxy] = new() { Span = Span.Self, Grants = ForAnother, Purposes = ["FAMRQT", "PATRQT"] },

        // Other systems: what their scopes say, within the people of their organisation.
        [Role.Integration] = new() { Span = Span.OwnAndBelow, Grants = Carers, Purposes = Care },
    }.ToFrozenDictionary();

    /// <summary>Null for a role without a row: refuse it.</summary>
    public static RolePolicy? Of(Role role) => Table.GetValueOrDefault(role);

    public static IEnumerable<Role> Roles => Table.Keys;
}

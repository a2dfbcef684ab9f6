namespace Tongxin.Kernel.Programmes;

/// <summary>Addresses under which the programme engine writes its codes and extensions.</summary>
public static class ProgrammeCodes
{
    public const string Fhir = "https://tongxin.health/fhir/";

    /// <summary>EpisodeOfCare.type, Observation.code of assessments: the programme.</summary>
    public const string Programme = "https://tongxin.health/cs/programme";

    /// <summary>Task.code: <c>programme.service</c>.</summary>
    public const string Service = "https://tongxin.health/cs/programme-service";

    /// <summary>Observation.component.code of assessments: <c>next-date</c>, <c>referral</c>, and the facts of the programme's rules.</summary>
    public const string Fact = "https://tongxin.health/cs/programme-fact";

    /// <summary>Observation.category of assessments.</summary>
    public const string Category = "https://tongxin.health/cs/observation-category";

    /// <summary>EpisodeOfCare end reasons and Task.statusReason: dead, moved, refused, ended, expired, entered-in-error.</summary>
    public const string ExitReason = "https://tongxin.health/cs/programme-exit";

    /// <summary>What led to an enrolment: visit, rule, hand, referral.</summary>
    public const string EnrolmentSource = "https://tongxin.health/cs/enrolment-source";

    /// <summary>Task.businessStatus: outcome of a call or a visit attempt.</summary>
    public const string ContactOutcome = "https://tongxin.health/cs/contact-outcome";

    /// <summary>Task.input.type: expires, due, edition.</summary>
    public const string TaskInput = "https://tongxin.health/cs/programme-task";

    public const string PackageDigest = "https://tongxin.health/id/package-digest";

    /// <summary>How a fact was derived: rule, row, edition, clause and inputs.</summary>
    public const string Derivation = Fhir + "StructureDefinition/derivation";

    /// <summary>Edition of the plan that an enrolment follows.</summary>
    public const string Edition = Fhir + "StructureDefinition/programme-edition";

    /// <summary>Why an enrolment ended.</summary>
    public const string EndReason = Fhir + "StructureDefinition/programme-end-reason";

    /// <summary>Why a visit was withdrawn (作废), on its QuestionnaireResponse.</summary>
    public const string VoidReason = Fhir + "StructureDefinition/void-reason";

    public static string Canonical(string type, string id) => $"{Fhir}{type}/{id}";
}

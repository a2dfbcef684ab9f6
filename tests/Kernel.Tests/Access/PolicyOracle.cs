using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Tests.Access;

/// <summary>Who may do what, said a second time in other words: from the duties of each role, not from the policy's table.</summary>
internal static class PolicyOracle
{
    private static readonly HashSet<string> Places = Words("Organization OrganizationAffiliation Location Practitioner PractitionerRole HealthcareService Endpoint");
    private static readonly HashSet<string> Bills = Words(
        "Account ChargeItem Claim ClaimResponse CoverageEligibilityRequest CoverageEligibilityResponse " +
        "EnrollmentRequest EnrollmentResponse ExplanationOfBenefit Invoice PaymentNotice PaymentReconciliation");
    private static readonly HashSet<string> MaybeNobodys = Words("Appointment Communication CommunicationRequest Composition Device DeviceMetric SupplyDelivery SupplyRequest");
    private static readonly HashSet<string> NeverGranted = Words(
        "AuditEvent Basic Bundle Group Linkage MessageHeader OperationOutcome Parameters Subscription VerificationResult");
    private static readonly HashSet<string> CasesForDiseaseControl = Words(
        "Patient Condition Observation Immunization Encounter EpisodeOfCare QuestionnaireResponse DiagnosticReport Flag Task Communication");
    private static readonly HashSet<string> HouseForManager = Words("Patient Encounter ServiceRequest Task Appointment");

    /// <summary>How the person of a row stands to the caller.</summary>
    public enum Tie { Nobodys, OwnOrganisation, OrganisationBelow, SameCounty, OtherCounty, Herself }

    public static bool May(Role role, Tie tie, string type, Interactions what, SensitivityLabels label)
    {
        if (NeverGranted.Contains(type)) return false;
        return Duty(role, type, what) && Ties(role, type, tie, what) && (label & ~Sensitive(role)) is SensitivityLabels.None;
    }

    private static bool Duty(Role role, string type, Interactions what)
    {
        var looks = what is Interactions.Read or Interactions.Search or Interactions.History;
        var cares = role is Role.VillageDoctor or Role.TownshipClinician or Role.PublicHealthStaff or Role.Specialist or Role.TeamLeader or Role.Integration;
        // Nothing clinical is ever deleted by a person; only the administrator tidies places and definitions.
        if (what is Interactions.Delete) return role is Role.Administrator && (Places.Contains(type) || IsDefinition(type));
        if (Places.Contains(type) || IsDefinition(type)) return looks || role is Role.Administrator;
        if (type is "CareTeam" && looks && role is not Role.Administrator) return true;
        if (type is "Schedule" or "Slot") return looks || cares || role is Role.HospitalManager;
        if (type is "MeasureReport") return looks
            && role is Role.TeamLeader or Role.HospitalManager or Role.CountyCommission or Role.CityCommission or Role.DiseaseControl && looks;
        return role switch
        {
            _ when cares => true,
            // Who speaks for another does not decide who else may look.
            Role.Proxy when type is "Consent" => looks,
            Role.Resident or Role.Proxy => looks
                || (what is Interactions.Create && type is "Observation" or "QuestionnaireResponse" or "Appointment" or "Communication" or "Consent" or "Task"
                    && what is Interactions.Create)
                || (what is Interactions.Update && type is "Appointment" or "Consent" && what is Interactions.Update),
            Role.HospitalManager => looks && HouseForManager.Contains(type),
            Role.DiseaseControl => CasesForDiseaseControl.Contains(type) && (looks || type is "Task" or "Communication"),
            Role.Auditor or Role.SecurityOfficer => type is "Task" && (looks || what is Interactions.Update),
            _ => false,
        };
    }

    private static bool Ties(Role role, string type, Tie tie, Interactions what)
    {
        var sharedType = Places.Contains(type) || IsDefinition(type) || type is "Schedule" or "Slot" or "MeasureReport";
        if (sharedType || role is Role.Auditor or Role.SecurityOfficer) return tie is Tie.Nobodys;
        // A team of family doctors is nobody's: whoever signs in may look it up, none of them changes it.
        if (tie is Tie.Nobodys && type is "CareTeam" && role is not Role.Administrator) return what is Interactions.Read or Interactions.Search or Interactions.History;
        // The team of one person's treatment is part of her record, which neither the head of the house nor disease control opens.
        if (type is "CareTeam" && role is Role.HospitalManager or Role.DiseaseControl && type is "CareTeam") return false;
        if (tie is Tie.Nobodys)
            return MaybeNobodys.Contains(type)
                && role is Role.VillageDoctor or Role.TownshipClinician or Role.PublicHealthStaff or Role.Specialist or Role.TeamLeader or Role.Integration
                && MaybeNobodys.Contains(type);
        return role switch
        {
            Role.VillageDoctor or Role.Specialist or Role.HospitalManager => tie is Tie.OwnOrganisation,
            Role.TownshipClinician or Role.PublicHealthStaff or Role.TeamLeader or Role.Integration => tie is Tie.OwnOrganisation or Tie.OrganisationBelow,
            Role.DiseaseControl => tie is not Tie.OtherCounty and not Tie.Herself,
            Role.Resident or Role.Proxy => tie is Tie.Herself,
            _ => false,
        };
    }

    private static SensitivityLabels Sensitive(Role role) => role switch
    {
        Role.Specialist or Role.Resident => SensitivityLabels.All,
        Role.PublicHealthStaff or Role.TeamLeader => SensitivityLabels.MentalHealth | SensitivityLabels.FamilyPlanning | SensitivityLabels.Minors,
        Role.TownshipClinician => SensitivityLabels.FamilyPlanning,
        Role.DiseaseControl => SensitivityLabels.Hiv,
        _ => SensitivityLabels.None,
    };

    // Definitions are what is left: neither a place, nor a person's, nor money, nor plumbing.
    private static bool IsDefinition(string type) => !PersonTypes.Contains(type) && !Places.Contains(type) && !Bills.Contains(type) && !MaybeNobodys.Contains(type)
        && !NeverGranted.Contains(type) && type is not ("Schedule" or "Slot" or "MeasureReport");

    private static readonly HashSet<string> PersonTypes = Words("""
        AdverseEvent AllergyIntolerance AppointmentResponse Binary BodyStructure CarePlan CareTeam ClinicalImpression Condition Consent Contract Coverage
        DetectedIssue DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference Encounter EpisodeOfCare FamilyMemberHistory Flag
        Goal GuidanceResponse ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation List Media MedicationAdministration
        MedicationDispense MedicationRequest MedicationStatement MolecularSequence NutritionOrder Observation Patient Person Procedure Provenance
        QuestionnaireResponse RelatedPerson RequestGroup ResearchSubject RiskAssessment ServiceRequest Specimen Task VisionPrescription
        """);

    private static HashSet<string> Words(string text) => [.. text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)];
}

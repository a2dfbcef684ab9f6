using System.Collections.Frozen;

namespace Tongxin.Kernel.Access;

/// <summary>The resource types of FHIR R4 in the groups that the policy speaks of. A type in no group is granted to nobody but the system.</summary>
/// <remarks>Each type stands in one group only; a test holds this against the R4 model, so that a new type fails until it is placed.</remarks>
internal static class ResourceGroups
{
    /// <summary>Places and staff: everybody who is signed in may look them up.</summary>
    public static readonly FrozenSet<string> Directory = Set("""
        Organization OrganizationAffiliation Location Practitioner PractitionerRole HealthcareService Endpoint
        """);

    /// <summary>Calendars: read by all, kept by those who give appointments.</summary>
    public static readonly FrozenSet<string> Calendars = Set("Schedule Slot");

    /// <summary>Definitions and terminology: nobody's record.</summary>
    public static readonly FrozenSet<string> Definitions = Set("""
        ActivityDefinition BiologicallyDerivedProduct CapabilityStatement CatalogEntry ChargeItemDefinition CodeSystem CompartmentDefinition
        ConceptMap DeviceDefinition EffectEvidenceSynthesis EventDefinition Evidence EvidenceVariable ExampleScenario GraphDefinition
        ImplementationGuide InsurancePlan Library Measure Medication MedicationKnowledge MedicinalProduct MedicinalProductAuthorization
        MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction
        MedicinalProductManufactured MedicinalProductPackaged MedicinalProductPharmaceutical MedicinalProductUndesirableEffect
        MessageDefinition NamingSystem ObservationDefinition OperationDefinition PlanDefinition Questionnaire ResearchDefinition
        ResearchElementDefinition ResearchStudy RiskEvidenceSynthesis SearchParameter SpecimenDefinition StructureDefinition StructureMap
        Substance SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial
        SubstanceSpecification TerminologyCapabilities TestReport TestScript ValueSet
        """);

    /// <summary>A person's record.</summary>
    public static readonly FrozenSet<string> Clinical = Set("""
        AdverseEvent AllergyIntolerance AppointmentResponse Binary BodyStructure CarePlan CareTeam ClinicalImpression Condition Consent Contract
        Coverage DetectedIssue DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference Encounter EpisodeOfCare
        FamilyMemberHistory Flag Goal GuidanceResponse ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation List Media
        MedicationAdministration MedicationDispense MedicationRequest MedicationStatement MolecularSequence NutritionOrder Observation Patient
        Person Procedure Provenance QuestionnaireResponse RelatedPerson RequestGroup ResearchSubject RiskAssessment ServiceRequest Specimen Task
        VisionPrescription
        """);

    /// <summary>Mostly a person's, sometimes nobody's: a lecture, a machine, a delivery to the clinic.</summary>
    public static readonly FrozenSet<string> Affairs = Set("""
        Appointment Communication CommunicationRequest Composition Device DeviceMetric SupplyDelivery SupplyRequest
        """);

    /// <summary>What care costs and who pays.</summary>
    public static readonly FrozenSet<string> Money = Set("""
        Account ChargeItem Claim ClaimResponse CoverageEligibilityRequest CoverageEligibilityResponse EnrollmentRequest EnrollmentResponse
        ExplanationOfBenefit Invoice PaymentNotice PaymentReconciliation
        """);

    /// <summary>Figures without the people behind them.</summary>
    public static readonly FrozenSet<string> Figures = Set("MeasureReport");

    /// <summary>Not kept for any role: envelopes, lists of people, plumbing, and the audit trail, which has a door of its own.</summary>
    public static readonly FrozenSet<string> Reserved = Set("""
        AuditEvent Basic Bundle Group Linkage MessageHeader OperationOutcome Parameters Subscription VerificationResult
        """);

    public static readonly IReadOnlyList<FrozenSet<string>> All = [Directory, Calendars, Definitions, Clinical, Affairs, Money, Figures, Reserved];

    /// <summary>Types of which no row is ever a person's or sensitive: whoever has the type sees all of it.</summary>
    public static bool IsNobodys(string type) => Directory.Contains(type) || Calendars.Contains(type) || Definitions.Contains(type);

    public static FrozenSet<string> Set(string names) =>
        names.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
}

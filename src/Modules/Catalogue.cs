using Tongxin.Web;

namespace Tongxin.Modules;

/// <summary>Every health system of the platform; a new one adds one line here and one row in <c>docs/systems.md</c>.</summary>
public static class Catalogue
{
    public static IReadOnlyList<HealthSystem> All { get; } =
    [
        new People.PeopleModule(),
        new Hypertension.HypertensionModule(),
        new Diabetes.DiabetesModule(),
        new ElderlyHealth.ElderlyHealthModule(),
        new SevereMentalDisorders.SevereMentalDisordersModule(),
        new Tuberculosis.TuberculosisModule(),
        new Schistosomiasis.SchistosomiasisModule(),
        new MaternalHealth.MaternalHealthModule(),
        new ChildHealth.ChildHealthModule(),
        new FamilyDoctor.FamilyDoctorModule(),
        new Referrals.ReferralsModule(),
        new Rights.RightsModule(),
        new PersonalRecord.PersonalRecordModule(),
        new DataQuality.DataQualityModule(),
        new HospitalPerformance.HospitalPerformanceModule(),
    ];
}

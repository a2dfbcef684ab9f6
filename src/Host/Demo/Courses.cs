namespace Tongxin.Host.Demo;

/// <summary>A long illness of one resident and how it was followed.</summary>
/// <param name="IsLost">Nobody has followed it for more than a year, and nothing says why (a planted defect).</param>
internal sealed record Course(Resident Resident, string Programme, DateOnly Enrolled, IReadOnlyList<Reading> Readings, bool IsLost);

/// <summary>One follow-up: pressure for hypertension, fasting glucose for diabetes (both where a visit serves both).</summary>
/// <param name="Way">1 at the clinic, 2 at home, 3 by telephone (handbook 随访方式).</param>
internal sealed record Reading(DateOnly Date, int Way, int? Systolic, int? Diastolic, decimal? Glucose, int WeightKg, bool TakesMedicine);

/// <summary>Draws who is ill and how it went: readings that drift, treatment that works or does not, visits on time, late and missed.</summary>
internal static class Courses
{
    public const string Hypertension = "hypertension";
    public const string Diabetes = "diabetes";
    private const int Years = 3;
    private const double Lost = 0.05;

    /// <summary>Clinics whose readings are invented: always the same good values (a planted defect, named in the truth file).</summary>
    public static bool IsFalsified(Village village, Places places) => places.Villages.Index().Any(v => v.Item.Id == village.Id && v.Index is 7 or 11);

    public static IEnumerable<Course> Of(ulong seed, Resident resident, Places places, DateOnly today)
    {
        var chance = Chance.For(seed, $"course {resident.Id}");
        var age = resident.AgeOn(today);
        var pressure = age >= 35 && chance.Happens(Math.Min(0.30, 0.02 + (age - 35) * 0.0068));
        var sugar = age >= 35 && chance.Happens((pressure ? 2.0 : 0.8) * Math.Min(0.10, 0.01 + (age - 35) * 0.0022));
        if (!pressure && !sugar) yield break;
        DateOnly? lost = resident.DiedOn is null && chance.Happens(Lost) ? today.AddDays(-chance.Between(380, 800)) : null;
        var visits = Visits(chance, resident, places, pressure, sugar, lost, today).ToList();
        if (visits[0].Date >= resident.DiedOn) yield break;
        if (pressure) yield return new(resident, Hypertension, visits[0].Date.AddDays(-14), visits, lost is not null);
        if (sugar) yield return new(resident, Diabetes, visits[0].Date.AddDays(-14), visits, lost is not null);
    }

    private static IEnumerable<Reading> Visits(Chance chance, Resident resident, Places places, bool pressure, bool sugar, DateOnly? lost, DateOnly today)
    {
        var end = resident.DiedOn ?? lost ?? today;
        var punctual = 0.55 + 0.4 * Chance.For(7, resident.Village.Id).Share();
        var falsified = IsFalsified(resident.Village, places);
        var systolic = chance.Around(146, 13);
        var glucose = chance.Around(7.6, 1.5);
        var responds = chance.Happens(0.66);
        var weight = (int)chance.Around(resident.IsMale ? 68 : 59, 8);
        var date = today.AddYears(-Years).AddDays(chance.Between(0, 400));
        var first = true;
        while (date < end || first)
        {
            first = false;
            systolic += (responds ? 0.25 * (132 - systolic) : 0.03 * (150 - systolic)) + chance.Around(0, 5);
            glucose += (responds ? 0.25 * (6.3 - glucose) : 0.05 * (8.6 - glucose)) + chance.Around(0, 0.4);
            var measured = Math.Clamp((int)Math.Round(chance.Around(systolic, 5)), 96, 208);
            yield return new(
                date, chance.Pick<int>([(1, 60), (2, 32), (3, 8)]),
                pressure ? falsified ? 128 : measured : null,
                pressure ? falsified ? 78 : Math.Clamp((int)Math.Round(measured * 0.42 + chance.Around(24, 4)), 52, 124) : null,
                sugar ? Math.Round((decimal)Math.Clamp(glucose, 3.2, 19), 1) : null,
                weight + chance.Between(-2, 2), chance.Happens(responds ? 0.93 : 0.6));
            var wait = measured >= 140 && pressure && chance.Happens(0.55) ? chance.Between(10, 16) : chance.Between(78, 92);
            date = date.AddDays(chance.Happens(punctual) ? wait : wait + chance.Between(15, 150));
        }
    }
}

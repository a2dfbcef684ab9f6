using System.Globalization;
using System.Text.Json.Nodes;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Host.Demo;

/// <summary>A whole county of people who do not exist, as FHIR resources in an order in which each may refer to those before it.</summary>
/// <remarks>A function of its three parameters; streams, so that a million residents need little more memory than one household.</remarks>
internal sealed class SyntheticCounty(ulong seed, int residents, DateOnly today)
{
    private const double Twice = 0.03;
    private const int MostSerial = 99_999;

    private readonly Places places = Places.Draw(seed, residents, today);

    public ulong Seed => seed;

    public int Residents => residents;

    /// <summary>The day on which it was drawn: ages and visits count from it.</summary>
    public DateOnly Day => today;

    public IEnumerable<IReadOnlyList<Resident>> AllHouseholds => Households.Draw(seed, places, residents, today);

    /// <summary>Organisations, areas and staff.</summary>
    public IEnumerable<JsonObject> Sites() => SiteBodies.Organisations(places).Concat(SiteBodies.Staff(seed, places));

    /// <summary>Everything about the members of one household but their contracts.</summary>
    public IEnumerable<JsonObject> People(IReadOnlyList<Resident> members) =>
        members.SelectMany(Person).Append(PeopleBodies.Household(members, Relief.Of(seed, members[0].HouseholdId, today)));

    /// <summary>The teams that sign, and the contracts of a resident; need the people before them.</summary>
    public Contracts Contracts(ServiceCatalogue catalogue) => new(seed, places, today, catalogue);

    /// <summary>What was planted and must be found; drawn again each time, so that nothing is kept.</summary>
    public IEnumerable<Planted> Truth() => PlantedInPlaces().Concat(AllHouseholds.SelectMany(members => members.SelectMany(PlantedIn)));

    private IEnumerable<Planted> PlantedInPlaces()
    {
        foreach (var village in places.Villages)
        {
            if (Courses.IsFalsified(village, places)) yield return new() { Kind = Planted.FalsifiedReadings, Organisation = village.Id };
            if (village.Former is { } former)
                yield return new()
                {
                    Kind = Planted.MovedVillage, Organisation = village.Id, From = former.TownId, Into = village.TownId,
                    On = former.TownId is Places.MergedId ? places.MergedOn : places.MovedOn,
                };
        }

        yield return new() { Kind = Planted.MergedTownship, Organisation = Places.MergedId, Into = places.Towns[^1].Id, On = places.MergedOn };
        yield return new() { Kind = Planted.Cluster, Organisation = Outbreak.TownId, Illness = Outbreak.Illness };
    }

    private IEnumerable<Planted> PlantedIn(Resident resident)
    {
        if (resident.Identity is null) yield return new() { Kind = Planted.NoNumber, Person = resident.Id };
        if (resident.HasOldAddress) yield return new() { Kind = Planted.OldAddress, Person = resident.Id, From = resident.Village.Former!.TownId, Into = resident.Village.TownId };
        if (Second(resident) is { } second)
            yield return new() { Kind = Planted.Duplicate, Person = second.Id, Of = resident.Id, Differs = [.. Differences(resident, second)] };
        if (Courses.Of(seed, resident, places, today).FirstOrDefault(c => c.IsLost) is { } course)
            yield return new() { Kind = Planted.Lost, Person = resident.Id, Organisation = resident.Village.Id, On = course.Readings[^1].Date };
        if (Outbreak.Of(seed, resident, today) is (var onset, true))
            yield return new() { Kind = Planted.ClusterCase, Person = resident.Id, Organisation = Outbreak.TownId, Illness = Outbreak.Illness, On = onset };
    }

    private IEnumerable<JsonObject> Person(Resident resident)
    {
        var town = places.Towns.First(t => t.Id == resident.Village.TownId);
        yield return PeopleBodies.Patient(resident, town);
        if (Second(resident) is { } second) yield return PeopleBodies.Patient(second, town);
        foreach (var (number, course) in Courses.Of(seed, resident, places, today).Index())
            foreach (var body in PeopleBodies.Illness(course, withVisits: number is 0, today)) yield return body;
        if (Outbreak.Of(seed, resident, today) is var (onset, _))
            foreach (var body in Outbreak.Bodies(resident, onset)) yield return body;
    }

    // The same woman registered again at another counter: a homophone, no number, a day misread, no phone. Never quite the same.
    private Resident? Second(Resident r)
    {
        var chance = Chance.For(seed, $"second {r.Id}");
        if (!chance.Happens(Twice)) return null;
        var given = chance.Pick<string>([(r.Given, 70), (Homophone(r.Given), 30)]);
        var misread = r.Birth.AddDays(chance.Between(1, 9));
        var serial = MostSerial - int.Parse(r.RecordNumber[^5..], CultureInfo.InvariantCulture);
        return r with
        {
            Id = r.Id.Replace('p', 'q'),
            RecordNumber = $"{r.RecordNumber[..^5]}{serial:00000}",
            Given = given,
            Identity = chance.Happens(0.5) ? null : r.Identity,
            Birth = chance.Happens(0.2) && misread <= today ? misread : r.Birth,
            Phone = chance.Happens(0.5) ? r.Phone : null,
        };
    }

    private static IEnumerable<string> Differences(Resident one, Resident other)
    {
        if (one.Identity != other.Identity) yield return "number";
        if (one.Given != other.Given) yield return "name";
        if (one.Birth != other.Birth) yield return "birth";
        if (one.Phone != other.Phone) yield return "phone";
    }

    private static string Homophone(string given)
    {
        ReadOnlySpan<(char, char)> alike = [('珍', '贞'), ('英', '瑛'), ('华', '花'), ('建', '健'), ('芳', '方'), ('伟', '玮'), ('静', '婧'), ('军', '均'), ('涵', '晗'), ('玲', '铃')];
        foreach (var (a, b) in alike)
            if (given.Contains(a, StringComparison.Ordinal)) return given.Replace(a, b);
        return given;
    }
}

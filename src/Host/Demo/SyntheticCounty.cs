using System.Text.Json.Nodes;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Host.Demo;

/// <summary>A whole county of people who do not exist, as FHIR resources in an order in which each may refer to those before it.</summary>
/// <remarks>A function of the seed, the number of residents and today's date; streams, so that a million residents need no more memory than one household.</remarks>
internal sealed class SyntheticCounty(ulong seed, int residents, DateOnly today)
{
    private const double Twice = 0.03;

    private readonly Places places = Places.Draw(seed, residents);

    public int Residents => residents;

    /// <summary>What was planted and must be found: one line of JSON each, filled while <see cref="People"/> runs.</summary>
    public List<JsonObject> Truth { get; } = [];

    /// <summary>Organisations, areas and staff: one batch, first.</summary>
    public IEnumerable<JsonObject> Sites() => SiteBodies.Organisations(places).Concat(SiteBodies.Staff(seed, places));

    /// <summary>One batch per household.</summary>
    public IEnumerable<(int Residents, IReadOnlyList<JsonObject> Bodies)> People()
    {
        foreach (var clinic in places.Villages.Where(v => Courses.IsFalsified(v, places)))
            Truth.Add(new() { ["kind"] = "falsified-readings", ["organisation"] = clinic.Id });
        foreach (var members in Households.Draw(seed, places, residents, today))
            yield return (members.Count, [.. members.SelectMany(Person), PeopleBodies.Household(members)]);
    }

    /// <summary>Teams and contracts: last, in batches of a household.</summary>
    public IEnumerable<JsonObject> Signed(ServiceCatalogue catalogue)
    {
        var contracts = new Contracts(seed, places, today, catalogue);
        return contracts.Teams().Concat(Households.Draw(seed, places, residents, today).SelectMany(members => members.SelectMany(contracts.Of)));
    }

    private IEnumerable<JsonObject> Person(Resident resident)
    {
        var town = places.Towns.First(t => t.Id == resident.Village.TownId);
        yield return PeopleBodies.Patient(resident, town);
        if (resident.Identity is null) Truth.Add(new() { ["kind"] = "no-number", ["person"] = resident.Id });
        if (Second(resident) is { } second)
        {
            Truth.Add(new() { ["kind"] = "duplicate", ["person"] = resident.Id, ["of"] = second.Id });
            yield return PeopleBodies.Patient(second, town);
        }

        foreach (var (number, course) in Courses.Of(seed, resident, places, today).Index())
            foreach (var body in PeopleBodies.Illness(course, withVisits: number is 0, today)) yield return body;
    }

    // The same woman registered again at another counter: a digit swapped, a homophone, no number, another phone.
    private Resident? Second(Resident r)
    {
        var chance = Chance.For(seed, $"second {r.Id}");
        if (!chance.Happens(Twice)) return null;
        var given = chance.Pick<string>([(r.Given, 70), (Homophone(r.Given), 30)]);
        return r with
        {
            Id = r.Id.Replace('p', 'q'),
            RecordNumber = r.RecordNumber[..12] + (99_999 - int.Parse(r.RecordNumber[12..], System.Globalization.CultureInfo.InvariantCulture)).ToString("00000"),
            Given = given,
            Identity = chance.Happens(0.5) ? null : r.Identity,
            Birth = chance.Happens(0.2) ? r.Birth.AddDays(chance.Between(1, 9)) : r.Birth,
            Phone = chance.Happens(0.5) ? r.Phone : null,
        };
    }

    private static string Homophone(string given)
    {
        ReadOnlySpan<(char, char)> alike = [('珍', '贞'), ('英', '瑛'), ('华', '花'), ('建', '健'), ('芳', '方'), ('伟', '玮'), ('静', '婧'), ('军', '均'), ('涵', '晗'), ('玲', '铃')];
        foreach (var (a, b) in alike)
            if (given.Contains(a, StringComparison.Ordinal)) return given.Replace(a, b);
        return given;
    }
}

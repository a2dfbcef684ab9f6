using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Model;
using static Tongxin.Kernel.Tests.Access.PolicyOracle;

namespace Tongxin.Kernel.Tests.Access;

/// <summary>Every role × relation × type × interaction × sensitivity, decided by the policy and by an oracle written apart from it.</summary>
public sealed class PolicyMatrixTests(ITestOutputHelper output)
{
    private const int FewestCells = 20_000;
    private static readonly Interactions[] All =
        [Interactions.Create, Interactions.Read, Interactions.Update, Interactions.Delete, Interactions.Search, Interactions.History];
    private static readonly SensitivityLabels[] Labels =
        [SensitivityLabels.None, SensitivityLabels.MentalHealth, SensitivityLabels.Hiv, SensitivityLabels.FamilyPlanning, SensitivityLabels.DomesticViolence,
            SensitivityLabels.Minors];
    private static readonly Organisations Tree = new(AccessWorld.Places.Select(p => new Organisation(p.Id, p.Id, p.Kind, p.Parent, p.Division, true, null, null)));

    [Fact]
    public void The_policy_and_the_oracle_agree_in_every_cell()
    {
        var (cells, granted, wrong) = (0, 0, new List<string>());
        foreach (var role in Policy.Roles)
            foreach (var type in ResourceTypes())
                foreach (var what in All)
                {
                    var decision = Door.Decide(CallerOf(role), what, type, Tree);
                    foreach (var tie in Enum.GetValues<Tie>())
                        foreach (var label in Labels)
                        {
                            var permitted = decision.Permitted && Sees(decision.Visibility, type, tie, label);
                            cells++;
                            if (permitted) granted++;
                            if (permitted != May(role, tie, type, what, label)) wrong.Add($"{role} {what} {type} of {tie} labelled {label}: policy says {permitted}");
                        }
                }

        output.WriteLine($"{cells} cells, {granted} granted, {wrong.Count} differ");
        Assert.True(cells >= FewestCells);
        Assert.True(wrong.Count is 0, string.Join('\n', wrong.Take(20)));
    }

    [Fact]
    public void Every_type_of_R4_stands_in_one_group()
    {
        var placed = ResourceGroups.All.SelectMany(g => g).ToList();

        Assert.Equal(placed.Distinct().Order(), placed.Order());
        Assert.Empty(ResourceTypes().Except(placed));
        Assert.Empty(placed.Except(ResourceTypes()));
    }

    [Theory]
    [InlineData(Role.Nobody)]
    [InlineData((Role)99)]
    public void A_role_without_a_row_is_refused_everything(Role role)
    {
        foreach (var type in ResourceTypes())
            foreach (var what in All)
                Assert.IsType<Visibility.Nothing>(Door.Decide(new() { Subject = "x", Name = "x", Role = role }, what, type, Tree).Visibility);
    }

    [Fact]
    public void A_caller_of_an_unknown_place_or_purpose_reaches_nobody()
    {
        var lost = (Visibility.Scoped)Door.Decide(CallerOf(Role.TownshipClinician) with { Organisation = "gone" }, Interactions.Read, "Patient", Tree).Visibility;

        Assert.Empty(lost.Organisations);
        Assert.False(Door.Decide(CallerOf(Role.VillageDoctor) with { Purpose = "HMARKT" }, Interactions.Read, "Patient", Tree).Permitted);
        Assert.False(Door.Decide(CallerOf(Role.Integration) with { Scopes = null }, Interactions.Read, "Patient", Tree).Permitted);
        Assert.False(Door.Decide(CallerOf(Role.Integration) with { Scopes = [] }, Interactions.Read, "Patient", Tree).Permitted);
    }

    [Theory]
    [InlineData("patient/Observation.rs", true)]
    [InlineData("system/*.cruds", true)]
    [InlineData("user/Patient.read", true)]
    [InlineData("patient/Observation.rs?category=laboratory", true)]
    [InlineData("patient/Observation.sr", false)]
    [InlineData("patient/Observation.rr", false)]
    [InlineData("root/Observation.rs", false)]
    [InlineData("patient/Observation.", false)]
    [InlineData("patient/*.rs?category=laboratory", false)]
    [InlineData("patient/Obs/../Patient.rs", false)]
    public void Scopes_are_read_strictly(string text, bool legal) => Assert.Equal(legal, SmartScope.TryParse(text, out _));

    private static IEnumerable<string> ResourceTypes() => FirelyModel.ResourceTypes;

    private static Caller CallerOf(Role role) => role switch
    {
        Role.Resident => AccessWorld.As(role, null, "Patient/herself"),
        Role.Proxy => AccessWorld.As(role, null, "RelatedPerson/r") with { Wards = ["herself"] },
        Role.CityCommission => AccessWorld.As(role, "city"),
        Role.CountyCommission or Role.DiseaseControl => AccessWorld.As(role, "east-cdc"),
        Role.VillageDoctor => AccessWorld.As(role, "village-a1"),
        _ => AccessWorld.As(role, "town-a"),
    };

    // The meaning of a visibility, in memory: what the engines compile into SQL.
    private static bool Sees(Visibility visibility, string type, Tie tie, SensitivityLabels label)
    {
        if (visibility is not Visibility.Scoped scoped || !scoped.Types.TryGetValue(type, out var reach)) return false;
        if ((label & ~scoped.Labels) is not SensitivityLabels.None) return false;
        var (person, organisation, county) = tie switch
        {
            Tie.Nobodys => (null, "", ""),
            Tie.OwnOrganisation => ("p1", scoped.Organisations.Contains("village-a1") && scoped.Organisations.Count is 1 ? "village-a1" : "town-a", "990101"),
            Tie.OrganisationBelow => ("p2", scoped.Organisations.Count is 1 ? "village-a1x" : "village-a2", "990101"),
            Tie.SameCounty => ("p3", "town-b", "990101"),
            Tie.OtherCounty => ("p4", "town-c", "990102"),
            _ => ((string?)"herself", "elsewhere", "elsewhere"),
        };
        var related = person is not null && (scoped.People.Contains(person) || scoped.Organisations.Contains(organisation) || scoped.Counties.Contains(county));
        return reach switch
        {
            Visibility.Reach.Any => true,
            Visibility.Reach.Shared => person is null,
            Visibility.Reach.Related => related,
            _ => person is null || related,
        };
    }
}

using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Modules.FamilyDoctor;
using Tongxin.Web.Components;
using static Tongxin.Modules.Tests.FamilyDoctor.ContractWorld;

namespace Tongxin.Modules.Tests.FamilyDoctor;

/// <summary>脱贫户、监测户: the mark is the household's, everybody of it is in the key group, and it has one plan.</summary>
public sealed class ReliefTests
{
    private static readonly IReadOnlyDictionary<string, MemberMeasure> Nothing = new Dictionary<string, MemberMeasure>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_marked_household_is_counted_by_household_and_person_and_its_package_can_be_signed(bool postgres)
    {
        using var folder = new TemporaryFolder();
        await using var world = postgres ? await PostgresAsync(Cancel) : await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await world.PutAsync(Cancel, List("p1", "p2"));
        var marks = world.The<MarkHousehold>();
        Assert.Equal("package", await RefusalAsync(() => world.Sign.SignAsync(Village, "p1", Offer(world.Today, 1, "basic", "relief"), null, Cancel)));

        await marks.MarkAsync(Village, "p2", new("unstable", world.Today, world.Today.AddYears(1), "县 2026 年名单"), Cancel);

        var household = Assert.Single(await ReliefHouseholds.OfAsync(world.Records, Village, world.Today, Cancel));
        Assert.Equal(["p1", "p2"], household.Members.Select(m => m.Text("id")));
        Assert.Equal(new ReliefMark("unstable", world.Today, world.Today.AddYears(1), "县 2026 年名单"), household.Mark);
        Assert.Single(await ReliefHouseholds.OfAsync(world.Records, Leader, world.Today, Cancel));
        Assert.Empty(await ReliefHouseholds.OfAsync(world.Records, Stranger, world.Today, Cancel));
        Assert.Equal(["p1", "p2"], (await GroupAsync(world)).Select(p => p.Patient));
        await world.Sign.SignAsync(Village, "p1", Offer(world.Today, 1, "basic", "relief"), null, Cancel);
        Assert.Equal([Asked.Signed, Asked.NotYet], (await GroupAsync(world)).Select(p => p.Asked));

        world.Clock.Advance(TimeSpan.FromDays(1));
        await marks.EndAsync(Village, "p1", Cancel);
        Assert.Empty(await GroupAsync(world));
        Assert.Equal("not-relief", await RefusalAsync(() => marks.EndAsync(Village, "p1", Cancel)));
    }

    [Fact]
    public async Task A_mark_is_over_after_its_last_day_and_a_later_one_leaves_it_on_record()
    {
        using var folder = new TemporaryFolder();
        await using var world = await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await world.PutAsync(Cancel, List("p1", "p2"));
        var marks = world.The<MarkHousehold>();
        await marks.MarkAsync(Village, "p1", new("marginal", world.Today, world.Today.AddDays(9), "名单一"), Cancel);
        world.Clock.Advance(TimeSpan.FromDays(9));
        Assert.Equal(2, (await GroupAsync(world)).Count);
        world.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Empty(await GroupAsync(world));

        await marks.MarkAsync(Village, "p1", new("lifted", world.Today, null, "名单二"), Cancel);
        Assert.Equal(2, (await GroupAsync(world)).Count);
        var list = await HouseholdList.OfAsync(world.Records, await HouseholdList.PersonAsync(world.Records, Village, "p1", Cancel), Cancel);
        Assert.Equal(["marginal", "lifted"], JsonReading.Parse(list!.Stored).Each("characteristic").Select(c => c.Member("valueCodeableConcept")?.CodeIn(ReliefMark.KindCodes)));
    }

    [Fact]
    public async Task A_household_that_only_shares_a_number_gets_a_list_when_it_is_marked_and_who_registers_later_is_in_it()
    {
        using var folder = new TemporaryFolder();
        await using var world = await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await world.PutAsync(Cancel, Numbered("n1", "1961-01-01"), Numbered("n2", "1990-01-01"));
        await world.The<MarkHousehold>().MarkAsync(Village, "n1", new("lifted", world.Today, null, "名单"), Cancel);
        await world.PutAsync(Cancel, Numbered("n3", "2026-01-01"));
        Assert.Equal(["n1", "n2", "n3"], (await GroupAsync(world)).Select(p => p.Patient));
        await MakeAsync(world, "n3", Nothing);
        Assert.True(Assert.Single(await ReliefHouseholds.OfAsync(world.Records, Village, world.Today, Cancel)).HasPlanOn(world.Today));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_household_has_one_plan_with_each_members_diseases_packages_and_price_and_one_doctor(bool postgres)
    {
        using var folder = new TemporaryFolder();
        await using var world = postgres ? await PostgresAsync(Cancel) : await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await world.PutAsync(Cancel, List("p1", "p2"), Condition("c1", "p1", "I10", "高血压"), Condition("c2", "p1", "F20", "精神分裂症"));
        Assert.Equal("not-relief", await RefusalAsync(() => MakeAsync(world, "p1", Nothing)));
        await world.The<MarkHousehold>().MarkAsync(Village, "p1", new("lifted", world.Today, world.Today.AddDays(99), "名单"), Cancel);
        Assert.Equal("doctor", await RefusalAsync(() => MakeAsync(world, "p1", Nothing, "d2")));
        Assert.Equal("package", await RefusalAsync(() => MakeAsync(world, "p1", new Dictionary<string, MemberMeasure> { ["p2"] = new(["elderly"], "") })));
        await Assert.ThrowsAsync<RefusedException>(() => world.The<MakeReliefPlan>().HandleAsync(Stranger, "p1", "d1", Nothing, Cancel));

        await MakeAsync(world, "p2", new Dictionary<string, MemberMeasure> { ["p1"] = new(["basic", "relief"], " 每月上门 ") });

        var view = (await HouseholdView.OfAsync(world.Records, Village, world.Catalogue, "p1", world.Today, Cancel))!;
        Assert.Equal([("p1", "basic,relief", "每月上门", "d1"), ("p2", "basic,child,relief", "", "d1")],
            view.Members.Select(m => (m.Id, string.Join(',', m.Plan!.Packages), m.Plan.Measure, m.Plan.Doctor)));
        Assert.Equal(world.Today.AddDays(99), view.Plan!.End);
        Assert.Equal((300m, 300m), (view.Fee, view.Payers.Sum(p => p.Yuan)));
        Assert.Equal([("insurance", 120m), ("public-health", 160m), ("self", 20m)], view.Payers.OrderBy(p => p.Payer, StringComparer.Ordinal));
        // A village doctor may not know of a mental disorder: neither her page nor the plan says so.
        Assert.Equal(["高血压"], view.Members[0].Needs.Diseases);
        var leader = (await HouseholdView.OfAsync(world.Records, Leader, world.Catalogue, "p2", world.Today, Cancel))!;
        Assert.Equal(["精神分裂症", "高血压"], leader.Members[0].Needs.Diseases.Order(StringComparer.Ordinal));
        Assert.Equal(["c1"], leader.Members[0].Needs.OpenConditions);
    }

    [Fact]
    public async Task Of_two_who_make_the_plan_at_once_one_wins_and_who_moved_out_is_in_the_next_no_more()
    {
        using var folder = new TemporaryFolder();
        await using var world = await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await world.PutAsync(Cancel, List("p1", "p2", "p3"));
        await world.The<MarkHousehold>().MarkAsync(Village, "p1", new("lifted", world.Today, null, "名单"), Cancel);
        var won = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            try
            {
                await MakeAsync(world, "p1", Nothing);
                return true;
            }
            catch (RefusedException refused) when (refused.Status is 409 or 412)
            {
                return false;
            }
        }));
        Assert.Contains(true, won);
        Assert.Equal(3, Assert.Single(await ReliefHouseholds.OfAsync(world.Records, Village, world.Today, Cancel)).Plans.Count);

        var stored = (await HouseholdList.OfAsync(world.Records, await HouseholdList.PersonAsync(world.Records, Village, "p1", Cancel), Cancel))!.Stored;
        var smaller = JsonWriting.Edit(stored);
        smaller["member"]!.AsArray().RemoveAt(2);
        await world.PutAsync(Cancel, smaller.ToJsonString());
        await MakeAsync(world, "p1", Nothing);
        Assert.Equal(["p1", "p2"], Assert.Single(await ReliefHouseholds.OfAsync(world.Records, Village, world.Today, Cancel)).Plans.Keys.Order());
        await world.PutAsync(Cancel, stored.Body.ToArray() is var whole ? System.Text.Encoding.UTF8.GetString(whole) : "");
        await MakeAsync(world, "p3", Nothing);
        Assert.Equal(3, Assert.Single(await ReliefHouseholds.OfAsync(world.Records, Village, world.Today, Cancel)).Plans.Count);
    }

    [Fact]
    public async Task What_is_not_a_mark_is_refused_with_its_reason_and_nobody_marks_a_household_she_does_not_see()
    {
        using var folder = new TemporaryFolder();
        await using var world = await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await world.PutAsync(Cancel, List("p1"));
        var marks = world.The<MarkHousehold>();
        foreach (var (code, mark) in new (string, ReliefMark)[]
        {
            ("kind", new("rich", world.Today, null, "名单")), ("date", new("lifted", world.Today, world.Today.AddDays(-1), "名单")), ("source", new("lifted", world.Today, null, " ")),
        }) Assert.Equal(code, await RefusalAsync(() => marks.MarkAsync(Village, "p1", mark, Cancel)));
        Assert.Equal(404, (await Assert.ThrowsAsync<RefusedException>(() => marks.MarkAsync(Stranger, "p1", new("lifted", world.Today, null, "名单"), Cancel))).Status);
        Assert.Empty(await GroupAsync(world));
    }

    private static Task MakeAsync(ContractWorld world, string patient, IReadOnlyDictionary<string, MemberMeasure> agreed, string doctor = "d1") =>
        world.The<MakeReliefPlan>().HandleAsync(Village, patient, doctor, agreed, Cancel);

    private static async Task<List<KeyPerson>> GroupAsync(ContractWorld world) =>
        [.. (await KeyGroupCount.OfAsync(world.Records, Village, world.Today, Cancel)).Where(p => p.Groups.Contains(KeyGroups.Relief))];

    private static async Task<string> RefusalAsync(Func<Task> act) => (await Assert.ThrowsAsync<RefusedException>(act)).Issues[0].Code;

    private static string List(params string[] members) =>
        """{"resourceType":"Group","id":"h1","type":"person","actual":true,"code":{"coding":[{"system":"https://tongxin.health/cs/group","code":"household"}]},""" +
        """ "managingEntity":{"reference":"Organization/village"},"member":[""" +
        string.Join(',', members.Select(m => $$$"""{"entity":{"reference":"Patient/{{{m}}}"}}""")) + "]}";

    private static string Numbered(string id, string birth) =>
        $$"""{"resourceType":"Patient","id":"{{id}}","name":[{"text":"{{id}}"}],"birthDate":"{{birth}}","managingOrganization":{"reference":"Organization/village"},""" +
        """ "identifier":[{"system":"https://tongxin.health/id/household","value":"6011"}]}""";

    private static string Condition(string id, string patient, string code, string name) =>
        $$"""{"resourceType":"Condition","id":"{{id}}","clinicalStatus":{"coding":[{"code":"active"}]},"subject":{"reference":"Patient/{{patient}}"},""" +
        $$""" "code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"{{code}}","display":"{{name}}"}]} }""";
}

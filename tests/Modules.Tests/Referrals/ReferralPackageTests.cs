using Tongxin.Kernel.Access;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Modules.Referrals;
using Tongxin.Modules.Tests.FamilyDoctor;

namespace Tongxin.Modules.Tests.Referrals;

/// <summary>What goes with a referral: the parts that the sender chose, as the receiver may see them, and nothing that the sender may not see.</summary>
public sealed class ReferralPackageTests
{
    private static readonly Caller County = new() { Subject = "Practitioner/s1", Name = "许文涛", Role = Role.Specialist, Organisation = "county" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_receiver_sees_the_chosen_parts_as_lines_until_the_sender_chooses_anew(bool postgres)
    {
        using var folder = new TemporaryFolder();
        await using var world = postgres ? await ContractWorld.PostgresAsync(Cancel) : await ContractWorld.OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await world.PutAsync(Cancel, Record(world.Today));
        Task<Referral> Do(Caller who, ReferralStep step) => MoveReferral.HandleAsync(world.Records, who, "r0", step, null, world.Clock, Cancel);

        await Do(ContractWorld.Village, new ReferralStep.Send("county", true, Parts: ["readings", "diseases", "no-such-part"]));
        Assert.Equal(["高血压", "血压 186/112 mmHg", "血糖 7.4 mmol/L"], await LinesAsync(world, County));
        await Do(County, new ReferralStep.Receive());
        await Do(County, new ReferralStep.Decline("资料不全"));

        await Do(ContractWorld.Village, new ReferralStep.Send("county", true));
        Assert.Equal(["高血压", "青霉素", "氨氯地平 5 mg 每日一次", "血压 186/112 mmHg", "血糖 7.4 mmol/L", "https://tongxin.health/fhir/Questionnaire/hypertension-follow-up"],
            await LinesAsync(world, County));
        var view = (await ReferralReading.ReadAsync(world.Records, County, "r0", world.Clock.GetUtcNow(), Cancel))!;
        Assert.Equal(["提交，本人同意，附 3 项资料", "收到", "退回：资料不全", "提交，本人同意，附 6 项资料"], view.History.Select(h => h.Text));

        await Do(ContractWorld.Village, new ReferralStep.Cancel("不去了"));
        Assert.Empty(await ReferralPackage.ReadAsync(world.Records, County, view.Package, Cancel));
    }

    [Fact]
    public async Task Old_readings_verdicts_and_what_the_sender_may_not_see_do_not_go_with_it()
    {
        using var folder = new TemporaryFolder();
        await using var world = await ContractWorld.OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await world.PutAsync(Cancel, [.. Record(world.Today), Observation("o3", world.Today.AddDays(-91), "\"code\":{\"text\":\"旧血糖\"},\"valueQuantity\":{\"value\":9}"),
            Observation("o4", world.Today, "\"category\":[{\"coding\":[{\"code\":\"assessment\"}]}],\"code\":{\"text\":\"判断\"},\"valueString\":\"控制不满意\""),
            Condition("c2", "F20", "精神分裂症")]);
        await MoveReferral.HandleAsync(world.Records, ContractWorld.Village, "r0", new ReferralStep.Send("county", true), null, world.Clock, Cancel);
        var lines = await LinesAsync(world, County);
        Assert.Equal(6, lines.Count);
        Assert.DoesNotContain("精神分裂症", lines);
    }

    private static async Task<IReadOnlyList<string>> LinesAsync(ContractWorld world, Caller caller)
    {
        var view = await ReferralReading.ReadAsync(world.Records, caller, "r0", world.Clock.GetUtcNow(), Cancel);
        var lines = await ReferralPackage.ReadAsync(world.Records, caller, view!.Package, Cancel);
        return [.. lines.OrderBy(l => ReferralPackage.Parts.ToList().IndexOf(l.Item.Part)).ThenBy(l => l.Text, StringComparer.Ordinal).Select(l => l.Text)];
    }

    private static string[] Record(DateOnly today) =>
    [
        """{"resourceType":"ServiceRequest","id":"r0","status":"draft","intent":"proposal","subject":{"reference":"Patient/p1"},"reasonCode":[{"text":"血压危急"}]}""",
        Condition("c1", "I10", "高血压"),
        """{"resourceType":"AllergyIntolerance","id":"a1","patient":{"reference":"Patient/p1"},"code":{"text":"青霉素"},""" +
            """ "clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]} }""",
        """{"resourceType":"MedicationStatement","id":"m1","status":"active","subject":{"reference":"Patient/p1"},"medicationCodeableConcept":{"text":"氨氯地平"},""" +
            """ "dosage":[{"text":"5 mg 每日一次"}]}""",
        Observation("o1", today, """
            "code":{"text":"血压"},"component":[{"code":{"text":"收缩压"},"valueQuantity":{"value":186,"unit":"mmHg"}},
            {"code":{"text":"舒张压"},"valueQuantity":{"value":112,"unit":"mmHg"}}]
            """),
        Observation("o2", today.AddDays(-30), "\"code\":{\"text\":\"血糖\"},\"valueQuantity\":{\"value\":7.4,\"unit\":\"mmol/L\"}"),
        $$"""{"resourceType":"QuestionnaireResponse","id":"q1","status":"completed","questionnaire":"https://tongxin.health/fhir/Questionnaire/hypertension-follow-up",""" +
            $$""" "subject":{"reference":"Patient/p1"},"authored":"{{today:yyyy-MM-dd}}"}""",
    ];

    private static string Observation(string id, DateOnly day, string more) =>
        $$"""{"resourceType":"Observation","id":"{{id}}","status":"final","subject":{"reference":"Patient/p1"},"effectiveDateTime":"{{day:yyyy-MM-dd}}",{{more}} }""";

    private static string Condition(string id, string code, string name) =>
        $$"""{"resourceType":"Condition","id":"{{id}}","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},""" +
        $$""" "subject":{"reference":"Patient/p1"},"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"{{code}}","display":"{{name}}"}]} }""";
}

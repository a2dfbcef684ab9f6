using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Tests.Records;
using static Tongxin.Modules.Tests.FamilyDoctor.ContractWorld;

namespace Tongxin.Modules.Tests.FamilyDoctor;

/// <summary>One signature for a household: everybody who agrees has one valid contract of her own, however many sign at once.</summary>
public sealed class HouseholdTests(ITestOutputHelper output)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_signature_gives_each_member_one_valid_contract_with_the_packages_that_fit_her(bool postgres)
    {
        using var folder = new TemporaryFolder();
        await using var world = postgres ? await PostgresAsync(Cancel) : await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await world.PutAsync(Cancel, List("p1", "p2", "p3"));
        var offer = Offer(world.Today, 1, "basic", "elderly", "child");
        var already = await world.Sign.SignAsync(Village, "p3", Offer(world.Today), null, Cancel);

        var signed = await world.Sign.SignHouseholdAsync(Village, "p1", ["p2", "p3"], offer, Cancel);

        Assert.Equal(["p1", "p2", "p3"], signed.Select(s => s.Patient));
        Assert.Null(signed[2].Contract);
        Assert.Equal(already, Assert.Single(await world.ContractsAsync("p3", Cancel)).Id);
        Assert.Equal(["basic", "elderly"], Assert.Single(await world.ContractsAsync("p1", Cancel)).Packages.Order());
        Assert.Equal(["basic", "child"], Assert.Single(await world.ContractsAsync("p2", Cancel)).Packages.Order());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Households_and_persons_who_are_signed_at_once_end_with_one_contract_each(bool postgres)
    {
        using var folder = new TemporaryFolder();
        await using var world = postgres ? await PostgresAsync(Cancel) : await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await world.PutAsync(Cancel, List("p1", "p2", "p3"));
        var made = await Task.WhenAll(Enumerable.Range(0, 30).Select(async n =>
        {
            try
            {
                if (n % 3 is 0) return new[] { await world.Sign.SignAsync(Village, "p2", Offer(world.Today), null, Cancel) };
                return (await world.Sign.SignHouseholdAsync(n % 3 is 1 ? Village : Leader, "p1", ["p2", "p3"], Offer(world.Today), Cancel))
                    .Select(s => s.Contract).OfType<string>().ToArray();
            }
            catch (RefusedException refused) when (refused.Status is 409 or 412)
            {
                return Array.Empty<string>();
            }
        }));
        output.WriteLine($"30 tries at once: {made.Sum(m => m.Length)} contracts");
        Assert.Equal(3, made.Sum(m => m.Length));
        foreach (var patient in new[] { "p1", "p2", "p3" }) Assert.Single(await world.ContractsAsync(patient, Cancel));
    }

    [Fact]
    public async Task Nobody_signs_for_who_lives_elsewhere_and_a_child_signs_for_nobody()
    {
        using var folder = new TemporaryFolder();
        await using var world = await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await world.PutAsync(Cancel, List("p1", "p2"));
        foreach (var (hand, member) in new[] { ("p1", "p3"), ("p2", "p1"), ("p3", "p1") })
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => world.Sign.SignHouseholdAsync(Village, hand, [member], Offer(world.Today), Cancel));
            Assert.Equal("household", refused.Issues[0].Code);
        }

        Assert.Equal(404, (await Assert.ThrowsAsync<RefusedException>(() => world.Sign.SignHouseholdAsync(Stranger, "p1", ["p2"], Offer(world.Today), Cancel))).Status);
        foreach (var patient in new[] { "p1", "p2", "p3" }) Assert.Empty(await world.ContractsAsync(patient, Cancel));
    }

    private static string List(params string[] members) =>
        """{"resourceType":"Group","id":"h1","type":"person","actual":true,"code":{"coding":[{"system":"https://tongxin.health/cs/group","code":"household"}]},"member":[""" +
        string.Join(',', members.Select(m => $$$"""{"entity":{"reference":"Patient/{{{m}}}"}}""")) + "]}";
}

namespace Tongxin.Fhir.Tests;

public sealed class IssueTests
{
    [Fact]
    public void A_refusal_says_its_first_issue() =>
        Assert.Equal("no", RefusedException.Because(400, "value", "no").Message);
}

namespace Tongxin.Architecture;

/// <summary>The shape of the house: what a stranger sees in the root.</summary>
public sealed class HouseTests
{
    [Fact]
    public void The_root_holds_at_most_22_entries() =>
        Assert.InRange(Repository.TrackedRootEntries().Count, 1, 22);
}

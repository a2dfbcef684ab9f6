using Tongxin.Kernel.Measures;

namespace Tongxin.Kernel.Tests.Measures;

/// <summary>Who stands differently than when a period was frozen, and the compact list that keeps it.</summary>
public sealed class RestatementTests
{
    private static readonly Member[] Frozen =
    [
        new("stays", "v1", false, true, "done", "Observation/1"), new("comes-to-it", "v1", false, false, "none", null), new("falls", "v1", false, true, "done", null),
        new("dies", "v1", false, false, "none", null), new("lives", "v1", true, false, "none", null), new("leaves", "v1", false, true, "done", null),
        new("moves", "v1", false, true, "done", null), new("arrives", "v2", false, true, "done", null), new("elsewhere", "v2", false, false, "none", null),
        new("other-reason", "v1", false, false, "none", null),
    ];

    private static readonly Member[] Now =
    [
        new("stays", "v1", false, true, "done", "Observation/2"), new("comes-to-it", "v1", false, true, "done", null), new("falls", "v1", false, false, "none", null),
        new("dies", "v1", true, false, "none", null), new("lives", "v1", false, false, "none", null), new("moves", "v2", false, true, "done", null),
        new("arrives", "v1", false, true, "done", null), new("elsewhere", "v2", false, true, "done", null), new("other-reason", "v1", false, false, "late", null),
        new("new", "v1", false, false, "none", null), new("new-elsewhere", "v2", false, false, "none", null),
    ];

    [Fact]
    public void Everybody_whose_part_is_another_is_named_once_with_how()
    {
        var changes = Between("v1");

        Assert.Equal(
            ["new CameIn", "leaves WentOut", "dies NowExcluded", "lives NoLongerExcluded", "comes-to-it NowFulfilled", "falls NowFailed", "arrives MovedIn", "moves MovedAway"],
            changes.Select(c => $"{c.Person} {c.Kind}"));
        Assert.Equal(("none", "done"), (changes[4].Then!.Reason, changes[4].Now!.Reason));
        Assert.Null(changes[0].Then);
        Assert.Null(changes[1].Now);
    }

    [Fact]
    public void The_differences_add_up_to_the_difference_of_the_numbers()
    {
        var change = Between("v1").Sum(c => Counts(c.Kind));

        Assert.Equal(Now.Count(m => m is { Organisation: "v1", Excluded: false }) - Frozen.Count(m => m is { Organisation: "v1", Excluded: false }), change);

        static int Counts(Restating kind) => kind switch
        {
            Restating.CameIn or Restating.NoLongerExcluded or Restating.MovedIn => 1,
            Restating.WentOut or Restating.NowExcluded or Restating.MovedAway => -1,
            _ => 0,
        };
    }

    [Fact]
    public void A_list_is_read_back_as_it_was_written_and_a_damaged_one_is_refused()
    {
        Assert.Equal(Frozen, FrozenLists.ReadPeople(FrozenLists.Write(Frozen)));
        FrozenPlace[] places = [new("c", null, "县\t城", "county", 0, 0, 0), new("v1", "c", "一村", "village", 5, 2, 1)];
        Assert.Equal([places[0] with { Name = "县 城" }, places[1]], FrozenLists.ReadPlaces(FrozenLists.Write(places)));
        Assert.Throws<InvalidDataException>(() => FrozenLists.ReadPeople(FrozenLists.Write(places)).ToList());
    }

    [Fact]
    public void A_tree_sums_what_stood_below_a_place_then()
    {
        var tree = new FrozenTree("i", new(2026, 9, 30), [new("c", null, "县", "county", 1, 1, 0), new("t", "c", "镇", "township", 0, 0, 2), new("v", "t", "村", "village", 5, 2, 1)]);

        Assert.Equal((6, 3, 3), (tree.At("c")!.Denominator, tree.At("c")!.Numerator, tree.At("c")!.Excluded));
        Assert.Equal((5, 3), (tree.At("t")!.Denominator, tree.At("t")!.Excluded));
        Assert.Null(tree.At("elsewhere"));
        Assert.Equal(["t"], tree.Below("c"));
    }

    private static IReadOnlyList<Restated> Between(string place) =>
        Restatement.Between(Frozen.ToDictionary(m => m.Person, StringComparer.Ordinal), Now, o => o == place, o => o == place);
}

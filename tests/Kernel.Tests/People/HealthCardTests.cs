using Tongxin.Kernel.People;

namespace Tongxin.Kernel.Tests.People;

/// <summary>The national derivation of the card id, with its published vector.</summary>
public sealed class HealthCardTests
{
    private const string Root = "0123456789ABCDEFFEDCBA9876543210";
    private const string Index = "ABD17E7ED399EF68AB5660155D6E226D2C92EAC3254A4A66BED83AED0ADA1E9E";

    [Fact]
    public void The_personal_key_is_as_published() =>
        Assert.Equal("86C63180C2806ED1F47B859DE501215B", Convert.ToHexString(HealthCard.PersonalKey(Index, Root)));

    [Fact]
    public void The_card_id_is_as_published() =>
        Assert.Equal("98FF9F2C05145CB9305E9D8A57E072BB51180CA49E5BE5E9D41BCE3A9A571928", HealthCard.CardId(Index, "01", "11010020171225006X", Root));

    [Fact]
    public void The_master_index_is_a_hash_by_SM3() =>
        Assert.Equal("66C7F0F462EEEDD9D1F2D46BDC10E4E24167C4875CF2F7A2297DA02B8F4BA8E0", HealthCard.MasterIndex("a", "bc"));

    [Fact]
    public void A_dynamic_code_tells_when_it_ends_and_a_forged_one_nothing()
    {
        var zone = TimeSpan.FromHours(8);
        var until = new DateTimeOffset(2026, 11, 23, 10, 30, 0, zone);
        var code = HealthCard.Validity(until, Root);

        Assert.Equal(until, HealthCard.ReadValidity(code, Root, zone));
        Assert.Null(HealthCard.ReadValidity(code, Index[..32], zone));
        Assert.Null(HealthCard.ReadValidity("xyz", Root, zone));
    }
}

using System.Net;
using Tongxin.Fhir;
using Tongxin.Host.Commands;
using Tongxin.Modules.People.Adt;

namespace Tongxin.Modules.Tests.People.Adt;

/// <summary><c>serve --mllp</c>: off unless it is told where to listen and to whom.</summary>
public sealed class MllpOptionsTests
{
    [Fact]
    public void A_peer_is_known_by_its_address_or_its_network()
    {
        var options = Serve.Mllp("2575", ["10.20.0.7=his-a", "10.20.1.0/24=his-b", "::1=his-c"]);

        Assert.Equal(2575, options.Place!.Port);
        Assert.Equal("his-a", options.ClientOf(IPAddress.Parse("10.20.0.7")));
        Assert.Equal("his-a", options.ClientOf(IPAddress.Parse("::ffff:10.20.0.7")));
        Assert.Equal("his-b", options.ClientOf(IPAddress.Parse("10.20.1.200")));
        Assert.Equal("his-c", options.ClientOf(IPAddress.IPv6Loopback));
        Assert.Null(options.ClientOf(IPAddress.Parse("10.20.0.8")));
        Assert.Equal(IPAddress.Loopback, Serve.Mllp("127.0.0.1:2575", ["127.0.0.1=x"]).Place!.Address);
    }

    [Fact]
    public void Without_a_place_nothing_is_listened_to() => Assert.Same(MllpOptions.Off, Serve.Mllp(null, []));

    [Theory]
    [InlineData(null, "10.0.0.1=his")]
    [InlineData("2575")]
    [InlineData("x", "10.0.0.1=his")]
    [InlineData("70000", "10.0.0.1=his")]
    [InlineData("2575", "his")]
    [InlineData("2575", "10.0.0.1=")]
    [InlineData("2575", "10.0.0.300=his")]
    public void What_cannot_be_meant_is_refused_with_what_to_write(string? place, params string[] peers) =>
        Assert.Contains("--mllp", Assert.Throws<RefusedException>(() => Serve.Mllp(place, peers)).Message, StringComparison.Ordinal);
}

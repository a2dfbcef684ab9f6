using System.Net;
using Tongxin.Kernel.Access;

namespace Tongxin.Kernel.Tests.Access.Events;

public sealed class OutgoingAddressesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-outgoing-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("fe80::1")]
    [InlineData("fc00::1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("ff02::1")]
    public void Addresses_inside_are_not_public(string address) => Assert.False(OutgoingAddresses.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("172.32.0.1")]
    [InlineData("223.5.5.5")]
    [InlineData("2400:3200::1")]
    public void Addresses_outside_are_public(string address) => Assert.True(OutgoingAddresses.IsPublic(IPAddress.Parse(address)));

    [Fact]
    public void Only_listed_origins_are_allowed_and_the_file_is_read_anew()
    {
        var places = new OutgoingAddresses(folder);
        Assert.False(places.Allows(new("https://a.example/x"), out _));
        File.WriteAllText(Path.Combine(folder, OutgoingAddresses.FileName), "https://a.example # registry\nhttp://b.example:8080 internal\nnonsense\n");
        Assert.True(places.Allows(new("https://a.example/x?y"), out var inside));
        Assert.False(inside);
        Assert.True(places.Allows(new("http://b.example:8080/"), out inside));
        Assert.True(inside);
        Assert.False(places.Allows(new("https://a.example:444/"), out _));
        Assert.False(places.Allows(new("http://a.example/"), out _));
        Assert.False(places.Allows(new("https://user:word@a.example/"), out _));
        Assert.False(places.Allows(new("https://a.example.evil.example/"), out _));
    }
}

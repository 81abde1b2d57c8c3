using System.Net;
using Torchyard.Flows.Mirroring;
using Torchyard.Registry.Mirrors;

namespace Torchyard.Flows.Tests.Mirroring;

public sealed class MirrorUnitTests
{
    [Fact]
    public void The_unit_serves_as_it_was_told_by_a_user_of_its_own()
    {
        var unit = MirrorUnit.Text("/usr/lib/torchyard/torchyard", Options, isNative: true);

        Assert.Contains("ExecStart=/usr/lib/torchyard/torchyard mirror serve --listen 0.0.0.0:5000 --root /var/lib/torchyard-mirror", unit);
        Assert.Contains("\nDynamicUser=yes\nStateDirectory=torchyard-mirror\n", unit);
        Assert.Contains("\nMemoryDenyWriteExecute=yes\n", unit);
        Assert.DoesNotContain(" \n", unit);
    }

    [Theory]
    [InlineData("/a b", "\"/a b\"")]
    [InlineData("100%", "\"100%%\"")]
    [InlineData("$HOME", "\"$$HOME\"")]
    [InlineData("a\"b\\", "\"a\\\"b\\\\\"")]
    [InlineData("[::]:5000", "[::]:5000")]
    public void Words_of_the_unit_mean_themselves(string word, string quoted) => Assert.Equal(quoted, MirrorUnit.Quote(word));

    [Fact]
    public void Options_survive_the_way_to_the_server()
    {
        var read = MirrorOptions.OfArguments(Options.ToArguments());

        Assert.Equal(Options.ToArguments(), read.ToArguments());
        // Records compare lists by identity.
        Assert.Equal(Options with { Upstreams = [] }, read with { Upstreams = [] });
        Assert.Equal(Options.Upstreams, read.Upstreams);
    }

    [Fact]
    public void Words_of_another_version_are_refused() =>
        Assert.Throws<FormatException>(() => MirrorOptions.OfArguments(["--listen", "1.2.3.4:5", "--root", "/r", "--new"]));

    private static MirrorOptions Options =>
        new()
        {
            Listen = new IPEndPoint(IPAddress.Any, 5000),
            DockerListen = new IPEndPoint(IPAddress.IPv6Any, 5001),
            Root = "/var/lib/torchyard-mirror",
            Upstreams = ["docker.io", "http://registry.lan:5000"],
            Quota = 500_000_000_000,
            Anonymous = MirrorAccess.Read,
            Certificate = "/cert.pem",
            Key = "/key.pem",
            TagAge = TimeSpan.FromMinutes(5),
            IsReadOnly = true,
            IsInsecure = true,
        };
}

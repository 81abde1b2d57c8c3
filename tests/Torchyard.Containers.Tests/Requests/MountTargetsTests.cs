using Torchyard.Containers.Requests;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Tests.Requests;

public class MountTargetsTests
{
    [Theory]
    [InlineData("TY4088", "a:/m", "b:/m")]
    [InlineData("TY4088", "/a:/m/x", "/b:/m//x/")]
    [InlineData("TY4088", "/a:/m", "/a:/m:ro")]
    [InlineData("TY4089", "/a:/proc")]
    [InlineData("TY4089", "/a:/proc/self/attr")]
    [InlineData("TY4089", "/a:/./dev/")]
    [InlineData("TY4089", "/a:/sys")]
    public void Targets_that_cannot_be_are_refused(string code, params string[] mounts) =>
        Assert.Equal(
            code,
            Assert.Throws<TorchyardException>(() => MountTargets.Require([.. mounts.Select(m => MountSyntax.Volume(m, "/"))])).Code
        );

    [Fact]
    public void One_below_another_and_single_devices_are_allowed() =>
        MountTargets.Require([
            .. new[] { "/a:/m", "/a:/m/x", "/dev/fuse:/dev/fuse", "/a:/processes", "/a:/etc/hosts" }.Select(m =>
                MountSyntax.Volume(m, "/")
            ),
        ]);

    [Theory]
    [InlineData(true, "8080:80", "8080:81")]
    [InlineData(true, "8080-8082:80-82", "127.0.0.1:8081:90")]
    [InlineData(true, "0.0.0.0:8080:80", "127.0.0.1:8080:80")]
    [InlineData(true, "[::]:8080:80", "127.0.0.1:8080:80")]
    [InlineData(false, "8080:80/udp", "8080:80/tcp")]
    [InlineData(false, "127.0.0.1:8080:80", "127.0.0.2:8080:80")]
    [InlineData(false, "[::1]:8080:80", "0.0.0.0:8080:80")]
    [InlineData(false, "80", "80")]
    [InlineData(false, "8080:80", "8081:80")]
    public void One_port_of_the_host_is_published_once(bool refused, params string[] ports)
    {
        var failure = Record.Exception(() => PortMapping.RequireDistinct([.. ports.SelectMany(PortMapping.Parse)]));

        Assert.Equal(refused ? "TY4087" : null, (failure as TorchyardException)?.Code);
    }
}

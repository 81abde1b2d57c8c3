using Torchyard.Containers.Requests;
using Torchyard.Platform;

namespace Torchyard.Containers.Tests.Requests;

public class MountSyntaxTests
{
    [Theory]
    [InlineData("/a:/b", MountKind.Bind, "/a", "/b", false)]
    [InlineData("./a:/b:ro", MountKind.Bind, "/home/u/a", "/b", true)]
    [InlineData("..:/b", MountKind.Bind, "/home", "/b", false)]
    [InlineData("data:/b:rw", MountKind.Volume, "data", "/b", false)]
    [InlineData("/b", MountKind.Volume, "", "/b", false)]
    [InlineData("/b:ro", MountKind.Volume, "", "/b", true)]
    [InlineData("/a/:/b//c/", MountKind.Bind, "/a", "/b/c", false)]
    public void Volumes_read_as_docker_reads_them(string text, MountKind kind, string source, string target, bool readOnly)
    {
        var mount = MountSyntax.Volume(text, "/home/u");

        Assert.Equal((kind, source, target, readOnly), (mount.Kind, mount.Source, mount.Target, mount.ReadOnly));
    }

    [Theory]
    [InlineData("type=bind,source=/a,target=/b,readonly", MountKind.Bind, "/a", "/b", true)]
    [InlineData("type=bind,src=x,dst=/b,ro=false", MountKind.Bind, "/home/u/x", "/b", false)]
    [InlineData("source=data,destination=/b", MountKind.Volume, "data", "/b", false)]
    [InlineData("type=tmpfs,target=/b,tmpfs-size=1m,tmpfs-mode=700", MountKind.Tmpfs, "", "/b", false)]
    public void Mounts_read_as_docker_reads_them(string text, MountKind kind, string source, string target, bool readOnly)
    {
        var mount = MountSyntax.Mount(text, "/home/u");

        Assert.Equal((kind, source, target, readOnly), (mount.Kind, mount.Source, mount.Target, mount.ReadOnly));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a:b")]
    [InlineData("/a:/")]
    [InlineData("/a:/b/../c")]
    [InlineData("/a:/b:sometimes")]
    [InlineData("a b:/c")]
    [InlineData("/a:/b:ro:x")]
    public void What_cannot_be_read_is_a_usage_error(string text)
    {
        var error = Assert.Throws<TorchyardException>(() => MountSyntax.Volume(text, "/home/u"));

        Assert.Equal("TY4030", error.Code);
        Assert.True(error.IsUsage);
    }
}

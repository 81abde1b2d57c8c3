using Torchyard.Containers.Requests;
using Torchyard.Platform.Errors;

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
    [InlineData("~:/b")]
    [InlineData("~/a:/b")]
    [InlineData("~root/a:/b:ro")]
    [InlineData("$HOME/a:/b")]
    [InlineData("${PWD}:/b")]
    public void What_cannot_be_read_is_a_usage_error(string text)
    {
        var error = Assert.Throws<TorchyardException>(() => MountSyntax.Volume(text, "/home/u"));

        Assert.Equal("TY4030", error.Code);
        Assert.True(error.IsUsage);
    }

    [Theory]
    [InlineData("type=bind,source=~/a,target=/b")]
    [InlineData("type=bind,src=$HOME/a,target=/b")]
    public void What_the_shell_did_not_replace_is_no_directory_here(string text)
    {
        var refused = Assert.Throws<TorchyardException>(() => MountSyntax.Mount(text, "/home/u"));
        Assert.Equal("TY4030", refused.Code);
        Assert.Contains("the shell replaces", refused.Message, StringComparison.Ordinal);
        Assert.Contains("./", refused.Cure, StringComparison.Ordinal);
        Assert.Equal("/home/u/~/a", MountSyntax.Mount("type=bind,source=./~/a,target=/b", "/home/u").Source);
    }
}

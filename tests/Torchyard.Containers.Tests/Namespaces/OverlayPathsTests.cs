using Torchyard.Containers.Namespaces;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Tests.Namespaces;

public sealed class OverlayPathsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Links => Path.Combine(_directory.Path, "l");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Paths_that_fit_into_a_page_stand_as_they_are()
    {
        var plan = OverlayPaths.Plan(Links, ["/store/layers/a", "/store/layers/b"], "/store/c/upper", "/store/c/work", "/store/c/rootfs");
        Assert.Equal(
            "lowerdir=/store/layers/a:/store/layers/b,upperdir=/store/c/upper,workdir=/store/c/work,redirect_dir=off,metacopy=off,"
                + "index=off",
            NamespaceSetup.Options(plan)
        );
        Assert.Equal("/", plan.Directory);
        Assert.False(Directory.Exists(Links));
    }

    [Theory]
    [InlineData(2, "a:b")]
    [InlineData(2, "a,b")]
    [InlineData(2, @"a\b")]
    [InlineData(2, "a\nb")]
    [InlineData(500, "plain")]
    public void Other_paths_are_named_by_links(int count, string name)
    {
        // Those of an earlier start are replaced.
        Directory.CreateDirectory(Links);
        File.WriteAllText(Path.Combine(Links, "0"), "");
        string[] lower = [.. Enumerable.Range(0, count).Select(i => $"/store/{name}/{i}")];
        var plan = OverlayPaths.Plan(Links, lower, "/store/upper", "/store/work", "/store/rootfs");

        var options = NamespaceSetup.Options(plan);
        Assert.InRange(options.Length, 1, 4095);
        Assert.StartsWith("lowerdir=0:1", options, StringComparison.Ordinal);
        Assert.Contains(",upperdir=u,workdir=w,", options, StringComparison.Ordinal);
        Assert.Equal(Links, plan.Directory);
        Assert.Equal(lower, plan.Lower.Select(link => new FileInfo(Path.Combine(Links, link)).LinkTarget));
        Assert.Equal("/store/upper", new FileInfo(Path.Combine(Links, plan.Upper)).LinkTarget);
        Assert.Equal("/store/work", new FileInfo(Path.Combine(Links, plan.Work)).LinkTarget);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(61)]
    [InlineData(62)]
    public void Options_never_outgrow_the_page_that_mount_reads(int count)
    {
        foreach (var length in Enumerable.Range(40, 60))
        {
            var plan = OverlayPaths.Plan(
                Links,
                [.. Enumerable.Repeat("/" + new string('x', length), count)],
                "/upper",
                "/work",
                "/rootfs"
            ) with
            {
                UserXattr = false,
                Volatile = true,
            };
            Assert.InRange(NamespaceSetup.Options(plan).Length, 1, 4095);
        }
    }

    [Fact]
    public void More_layers_than_overlayfs_stacks_are_refused()
    {
        var error = Assert.Throws<TorchyardException>(() => OverlayPaths.Plan(Links, [.. Enumerable.Repeat("/a", 501)], "/u", "/w", "/t"));
        Assert.Equal("TY4001", error.Code);
    }
}

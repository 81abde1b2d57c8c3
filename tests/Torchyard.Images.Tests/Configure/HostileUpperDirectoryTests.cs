using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Platform.Errors;

namespace Torchyard.Images.Tests.Configure;

/// <summary>
/// A package's script leaves links, FIFOs and devices in the upper directory; the machine's own files stay what they are, unread.
/// </summary>
public sealed class HostileUpperDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _place = new();

    public HostileUpperDirectoryTests()
    {
        foreach (
            var path in new[] { "upper/etc", "upper/var", "lower/etc", "lower/var/lib/dpkg", "host/tmp", "host/lib/dpkg", "host/cache/apt" }
        )
        {
            Directory.CreateDirectory(Path.Combine(_place.Path, path));
        }

        foreach (var file in new[] { "host/group", "host/tmp/file", "host/lib/dpkg/lock", "host/cache/apt/pkgcache.bin", "host/status" })
        {
            File.WriteAllText(Path.Combine(_place.Path, file), "secret of the machine");
        }

        File.WriteAllText(Path.Combine(_place.Path, "lower/etc/group"), "root:x:0:\n");
    }

    private string Upper => Path.Combine(_place.Path, "upper");

    public void Dispose() => _place.Dispose();

    [Theory]
    [InlineData("etc/group", "host/group")]
    [InlineData("etc/passwd", "host/group")]
    [InlineData("etc/shadow", "host/group")]
    [InlineData("var/status", "host/status")]
    public void A_link_to_a_file_of_the_machine_gives_nothing_of_it(string path, string target)
    {
        File.CreateSymbolicLink(Path.Combine(Upper, path), Path.Combine(_place.Path, target));
        using var upper = Open();

        Assert.Equal("", upper.ReadText(path));
    }

    [Fact]
    public void A_relative_link_is_followed_as_the_container_follows_it()
    {
        File.WriteAllText(Path.Combine(_place.Path, "lower/etc/group.real"), "real\n");
        File.CreateSymbolicLink(Path.Combine(Upper, "etc/group"), "../../../../../etc/group.real");
        using var upper = Open();

        Assert.Equal("real\n", upper.ReadText("etc/group"));
        Assert.True(upper.Status("etc/group")!.Value.IsLink);
    }

    [Fact]
    public void A_directory_link_leads_inside_too()
    {
        Directory.CreateDirectory(Path.Combine(_place.Path, "lower/usr/lib"));
        File.WriteAllText(Path.Combine(_place.Path, "lower/usr/lib/file"), "inside");
        File.CreateSymbolicLink(Path.Combine(_place.Path, "lower/lib"), "usr/lib");
        using var upper = Open();

        Assert.Equal("inside", upper.ReadText("lib/file"));
        Assert.True(upper.Status("lib/file")!.Value.IsRegular);
        Assert.Null(upper.Status("lib/nothing"));
    }

    [Fact]
    public async Task A_FIFO_is_refused_and_nothing_waits_for_it()
    {
        Fifo.Make(Path.Combine(Upper, "etc/group"));
        using var upper = Open();

        var reading = Task.Run(
            () => Assert.Throws<TorchyardException>(() => upper.ReadText("etc/group")),
            TestContext.Current.CancellationToken
        );
        Assert.Equal("TY9023", (await reading.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Code);
    }

    [Theory]
    [InlineData("var")]
    [InlineData("tmp")]
    [InlineData("var/lib")]
    [InlineData("var/cache")]
    [InlineData("etc/ssh")]
    [InlineData("root")]
    [InlineData("run")]
    public void Cleaning_removes_nothing_behind_a_link(string link)
    {
        if (Directory.Exists(Path.Combine(Upper, link)))
        {
            Directory.Delete(Path.Combine(Upper, link));
        }

        File.WriteAllText(Path.Combine(_place.Path, "host/ssh_host_rsa_key"), "secret");
        File.WriteAllText(Path.Combine(_place.Path, "host/.bash_history"), "secret");
        File.CreateSymbolicLink(Path.Combine(Upper, link), Path.Combine(_place.Path, "host"));
        var before = Files();
        using (var upper = Open())
        {
            RootCleanup.Clean(upper, [], 1_700_000_000);
        }

        Assert.Equal(before, Files());
    }

    [Fact]
    public void Cleaning_still_empties_what_is_the_layers_own()
    {
        Directory.CreateDirectory(Path.Combine(Upper, "tmp/deep"));
        File.WriteAllText(Path.Combine(Upper, "tmp/deep/file"), "");
        File.WriteAllText(Path.Combine(Upper, "etc/machine-id"), "");
        File.CreateSymbolicLink(Path.Combine(Upper, "tmp/link"), Path.Combine(_place.Path, "host"));
        using (var upper = Open())
        {
            RootCleanup.Clean(upper, [], 1_700_000_000);
        }

        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(Upper, "tmp")));
        Assert.False(File.Exists(Path.Combine(Upper, "etc/machine-id")));
        Assert.True(File.Exists(Path.Combine(_place.Path, "host/tmp/file")));
    }

    private UpperDirectory Open() => new(Upper, [Path.Combine(_place.Path, "lower")]);

    private string[] Files() =>
        [
            .. Directory
                .GetFileSystemEntries(Path.Combine(_place.Path, "host"), "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal),
        ];
}

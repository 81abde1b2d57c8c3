using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Images.Files;
using Torchyard.Images.Tests.Deb;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Tests.BaseImages;

/// <summary>Packages that are put upon the files of an image's own.</summary>
public sealed class InstalledFilesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public InstalledFilesTests()
    {
        Requires.Root("needs root for owners");
        Write("usr/bin/old", "old");
        Write("usr/share/doc/old/copyright", "");
        Write("usr/local/bin/mine", "of nobody");
        Write("opt/real/file", "");
        Write("var/lib/dpkg/info/old.list", "/.\n/bin\n/bin/old\n/usr\n/usr/share\n/usr/share/gone\n");
        Write("var/lib/dpkg/diversions", "/usr/bin/diverted\n/usr/bin/diverted.old\nold\n");
        File.CreateSymbolicLink(In("bin"), "usr/bin");
        File.CreateSymbolicLink(In("usr/share/linked"), "/opt/real");
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("usr/bin/new", null)]
    [InlineData("bin/new", null)]
    [InlineData("usr/share/doc/new/copyright", null)]
    [InlineData("usr/bin/old", "the image has /usr/bin/old already, of old")]
    [InlineData("bin/old", "the image has /usr/bin/old already, of old")]
    [InlineData("usr/local/bin/mine", "the image has /usr/local/bin/mine already")]
    [InlineData("usr/share/gone", "/usr/share/gone belongs to old of the image")]
    [InlineData("usr/bin/diverted", "/usr/bin/diverted belongs to dpkg-divert of the image")]
    [InlineData("usr/share/linked/new", "the image has /usr/share/linked already")]
    public void A_place_of_the_image_is_refused_and_directories_are_shared(string file, string? why) => Check(file, why);

    [Fact]
    public void An_image_without_merged_usr_is_refused()
    {
        Write("sbin/init", "");

        Check("sbin/new", "/sbin of the image is a directory of its own, and not a link to /usr (merged /usr)");
        Check("usr/sbin/new", null);
    }

    private void Check(string file, string? why)
    {
        var (path, package) = new DebBuilder("tool").File(file, "x").Save(_directory.Path);
        var place = Directory.CreateDirectory(Path.Combine(_directory.Path, Guid.NewGuid().ToString("N"))).FullName;
        using var root = RootDirectory.Open(place);
        var unpacked = PackageUnpacker.Unpack(path, package, root, place + ".aside", TestContext.Current.CancellationToken);
        using var installed = new InstalledFiles(
            "mybase",
            [
                new LockedBasePackage
                {
                    Name = "old",
                    Version = "1",
                    Architecture = "amd64",
                },
            ],
            [In("")]
        );
        if (why is null)
        {
            installed.Require(unpacked, place);
            return;
        }

        var refusal = Assert.Throws<TorchyardException>(() => installed.Require(unpacked, place));
        Assert.Equal(("TY3064", $"the package tool cannot be added to the base image 'mybase': {why}"), (refusal.Code, refusal.Message));
    }

    private string In(string path) => Path.Combine(_directory.Path, "image", path);

    private void Write(string path, string text) => _directory.Write("image/" + path, text);
}

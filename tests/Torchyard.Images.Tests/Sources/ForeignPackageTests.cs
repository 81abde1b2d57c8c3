using Torchyard.Images.Build;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Sbom;
using Torchyard.Images.Sources;
using Torchyard.Images.Tests.Oci.Sbom;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Loopback;

namespace Torchyard.Images.Tests.Sources;

/// <summary>Packages that are not Debian's: files of the project, and those of another archive.</summary>
public sealed class ForeignPackageTests
{
    private static readonly RecipeLock Lock = new()
    {
        RecipeDigest = Digest.Of("recipe"u8),
        Recipe = new Recipe
        {
            Name = "work",
            Base = new DebianBase { Suite = "trixie" },
        },
        SourceDateEpoch = 1,
        Archives =
        [
            Archive("trixie", "http://deb.debian.org/debian"),
            Archive("apt.example.com/debian/stable", "https://apt.example.com/debian") with
            {
                Key = "0123ABCD",
                KeyDigest = Digest.Of("key"u8),
            },
        ],
        Packages =
        [
            Package("bash", "trixie", null),
            Package("example-tool", "apt.example.com/debian/stable", null),
            Package("mytool", null, "./vendor/mytool_1_amd64.deb"),
        ],
        Tools = new LockedTools(1, Digest.Of("supervisor"u8), "none"),
    };

    [Fact]
    public void The_bill_of_materials_says_whose_they_are_and_gives_scanners_nothing_of_Debian_to_match()
    {
        var software = LockedSoftware.Of(Lock, LayerSources.ForQuestions.All);
        SpdxRules.Check(SpdxDocument.Write(software, Digest.Of("image"u8)));
        var (bash, tool, mine) = (Named("bash"), Named("example-tool"), Named("mytool"));

        Assert.Equal("pkg:deb/debian/bash@1?arch=amd64&distro=debian-13", bash.Purl);
        Assert.Equal("pkg:deb/apt.example.com/example-tool@1?arch=amd64", tool.Purl);
        Assert.Equal("https://apt.example.com/debian/pool/example-tool.deb", tool.DownloadLocation);
        Assert.Equal("built from source package example-tool 1, from apt.example.com/debian/stable, signed by 0123ABCD", tool.SourceInfo);
        Assert.Equal(("pkg:deb/local/mytool@1?arch=amd64", "NONE", null), (mine.Purl, mine.DownloadLocation, mine.Supplier));
        Assert.Equal("built from source package mytool 1, from the file ./vendor/mytool_1_amd64.deb", mine.SourceInfo);

        SpdxPackage Named(string name) => software.Packages.Single(package => package.Name == name);
    }

    [Fact]
    public void Why_names_file_archive_and_key()
    {
        Assert.Equal(
            ["mytool 1 (Debian)", "├─ the recipe names it", "└─ version 1 is what ./vendor/mytool_1_amd64.deb had when the lock was made"],
            LayerSources.ForQuestions.Explain(Lock, "mytool")!.Lines()
        );
        Assert.Equal(
            "└─ https://apt.example.com/debian is an archive of the recipe, signed by the key 0123ABCD",
            LayerSources.ForQuestions.Explain(Lock, "example-tool")!.Lines().Last()
        );
    }

    [Fact]
    public void A_package_file_is_read_whole_and_a_cut_one_refused()
    {
        using var directory = new TemporaryDirectory();
        var deb = TestPackage.Make("mytool", "1", content: new string('x', 100_000));
        var file = Path.Combine(directory.Path, "mytool.deb");
        File.WriteAllBytes(file, deb);

        var (control, unpacked) = PackageFileReader.Read(file, "mytool.deb");
        Assert.StartsWith("Package: mytool\n", System.Text.Encoding.UTF8.GetString(control.Span), StringComparison.Ordinal);
        Assert.Equal(100_000, unpacked);

        for (var length = 0; length < deb.Length - 1; length += 97)
        {
            File.WriteAllBytes(file, deb[..length]);
            Assert.Throws<TorchyardException>(() => PackageFileReader.Read(file, "mytool.deb"));
        }
    }

    private static LockedArchive Archive(string id, string uri) =>
        new()
        {
            Id = id,
            Uri = uri,
            Suite = "stable",
            Components = ["main"],
            ReleaseDigest = default,
            ReleaseDate = 1,
        };

    private static LockedDebianPackage Package(string name, string? archive, string? path) =>
        new()
        {
            Name = name,
            Version = "1",
            Architecture = "amd64",
            Source = name,
            Archive = archive,
            Path = path,
            Filename = path is null ? $"pool/{name}.deb" : $"{name}_1_amd64.deb",
            Size = 1,
            Sha256 = Digest.Of("x"u8),
            InstalledSize = 1,
            Requested = true,
        };
}

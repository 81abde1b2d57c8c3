using Torchyard.Images.Build;
using Torchyard.Images.Sbom;
using Torchyard.Images.Sources;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Oci.Sbom;

public sealed class SpdxDocumentTests
{
    private static readonly Digest Image = Digest.Of("image"u8);

    [Fact]
    public void A_built_image_lists_the_debian_packages_and_wheels_of_its_lock()
    {
        var names = SpdxRules.Check(SpdxDocument.Write(LockedSoftware.Of(Lock(), LayerSources.ForQuestions.All), Image));

        Assert.Equal(
            [
                "built",
                "pkg:deb/debian/libstdc%2B%2B6@1.0?arch=amd64&distro=debian-13",
                "pkg:pypi/torch@2.11.0%2Bcu130",
                $"pkg:generic/torchyard-supervisor@{SpdxDocument.ToolVersion}",
            ],
            names
        );
    }

    [Theory]
    [InlineData("libc6", "2.41-12", "glibc", null, "upstream=glibc%402.41-12")]
    [InlineData("dmsetup", "2:1.02.205-2", "lvm2", "2.03.31-2", "upstream=lvm2%402.03.31-2")]
    [InlineData("libcap2", "1:2.75-10+deb13u1+b3", "libcap2", "1:2.75-10+deb13u1", "upstream=libcap2%401%3A2.75-10%2Bdeb13u1")]
    [InlineData("libcap2", "1:2.75-10+b3", "libcap2", null, "upstream=libcap2%401%3A2.75-10")]
    [InlineData("bash", "5.2.37-2", "bash", null, null)]
    public void A_binary_package_names_the_source_that_advisories_are_about(
        string name,
        string version,
        string source,
        string? sourceVersion,
        string? upstream
    )
    {
        var package = SpdxPackage.Debian("debian", name, version, "amd64", "debian-13", new SourcePackage(source, sourceVersion));

        Assert.EndsWith("?arch=amd64&distro=debian-13" + (upstream is null ? "" : "&" + upstream), package.Purl, StringComparison.Ordinal);
        SpdxRules.Check(SpdxDocument.Write(new SpdxContent("image", "latest", 0, [package]), Image));
    }

    [Theory]
    [InlineData("debian", null, "trixie", "debian-13")]
    [InlineData("debian", null, "bookworm-backports", "debian-12")]
    [InlineData("debian", null, "sid", "debian-unstable")]
    [InlineData("debian", "13", null, "debian-13")]
    [InlineData("ubuntu", "24.04", "noble", "ubuntu-24.04")]
    [InlineData("linux", null, null, null)]
    public void A_release_is_named_as_scanners_look_it_up(string vendor, string? version, string? suite, string? release) =>
        Assert.Equal(release, DebianRelease.Of(vendor, version, suite));

    [Fact]
    public void The_supervisor_has_the_hash_that_the_lock_fixes()
    {
        var supervisor = Assert.Single(LockedSoftware.Of(Lock(), LayerSources.ForQuestions.All).Packages, package =>
            package.Name == "torchyard-supervisor"
        );

        Assert.Equal(Digest.Of("supervisor"u8), supervisor.Sha256);
    }

    [Fact]
    public void The_rules_find_what_breaks_them()
    {
        var content = new SpdxContent("image", "latest", 0, [SpdxPackage.Python("one", "1"), SpdxPackage.Python("one", "1")]);

        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => SpdxRules.Check(SpdxDocument.Write(content, Image)));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() =>
            SpdxRules.Check(
                SpdxDocument.Write(content with { Packages = [SpdxPackage.Python("one", "1") with { Id = "SPDXRef-a b" }] }, Image)
            )
        );
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() =>
            SpdxRules.Check(
                SpdxDocument.Write(content with { Packages = [SpdxPackage.Python("one", "1") with { Purl = "pkg:pypi/one@1+cu" }] }, Image)
            )
        );
    }

    private static RecipeLock Lock() =>
        new()
        {
            RecipeDigest = Digest.Of("recipe"u8),
            Recipe = new Recipe
            {
                Name = "built",
                Base = new DebianBase { Suite = "trixie" },
            },
            SourceDateEpoch = 1_700_000_000,
            Archives = [],
            Packages = [Deb.DebBuilder.Locked("libstdc++6", [1])],
            Tools = new LockedTools(1, Digest.Of("supervisor"u8), "none"),
            Python = new LockedPython
            {
                Interpreter = "3.13",
                Resolver = "pip 25.1.1",
                Packages =
                [
                    new LockedPythonPackage
                    {
                        Name = "torch",
                        Version = "2.11.0+cu130",
                        Filename = "torch-2.11.0+cu130-cp313-cp313-linux_x86_64.whl",
                        Size = 1,
                        Sha256 = Digest.Of("wheel"u8),
                    },
                ],
            },
        };
}

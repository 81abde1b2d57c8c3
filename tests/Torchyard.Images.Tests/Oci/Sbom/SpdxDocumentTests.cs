using Torchyard.Images.Oci.Sbom;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Images.Tests.Oci.Sbom;

public sealed class SpdxDocumentTests
{
    private static readonly Digest Image = Digest.Of("image"u8);

    [Fact]
    public void A_built_image_lists_the_debian_packages_and_wheels_of_its_lock()
    {
        var names = SpdxRules.Check(SpdxDocument.Write(LockedSoftware.Of(Lock()), Image));

        Assert.Equal(["built", "pkg:deb/debian/libstdc%2B%2B6@1.0?arch=amd64&distro=trixie", "pkg:pypi/torch@2.11.0%2Bcu130"], names);
    }

    [Fact]
    public void The_rules_find_what_breaks_them()
    {
        var content = new SpdxContent("image", "latest", 0, [SpdxPackage.Python("one", "1"), SpdxPackage.Python("one", "1")]);

        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => SpdxRules.Check(SpdxDocument.Write(content, Image)));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => SpdxRules.Check(SpdxDocument.Write(content with { Packages = [SpdxPackage.Python("one", "1") with { Id = "SPDXRef-a b" }] }, Image)));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => SpdxRules.Check(SpdxDocument.Write(content with { Packages = [SpdxPackage.Python("one", "1") with { Purl = "pkg:pypi/one@1+cu" }] }, Image)));
    }

    private static RecipeLock Lock() => new()
    {
        RecipeDigest = Digest.Of("recipe"u8),
        Recipe = new Recipe { Name = "built", Base = new DebianBase { Suite = "trixie" } },
        SourceDateEpoch = 1_700_000_000,
        Archives = [],
        Packages = [Deb.DebBuilder.Locked("libstdc++6", [1])],
        Tools = new LockedTools(1, Digest.Of("supervisor"u8), "none"),
        Python = new LockedPython
        {
            Interpreter = "3.13",
            Resolver = "pip 25.1.1",
            Packages = [new LockedPythonPackage { Name = "torch", Version = "2.11.0+cu130", Filename = "torch-2.11.0+cu130-cp313-cp313-linux_x86_64.whl", Size = 1, Sha256 = Digest.Of("wheel"u8) }],
        },
    };
}

using Torchyard.Packages.Fetching;
using Torchyard.Packages.Tests.Loopback;
using Torchyard.Platform.Files;
using Torchyard.Recipes;

namespace Torchyard.Packages.Tests.Fetching;

public sealed class MissingFilesTests : IDisposable
{
    private static readonly byte[] Content = "a package"u8.ToArray();
    private readonly TestDirectory _directory = new();

    private StorePaths Store => new(_directory.Path);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Everything_that_is_missing_is_told_in_one_message()
    {
        var failure = Assert.Throws<TorchyardException>(() => MissingFiles.Refuse(Store, Lock()));

        Assert.Equal("TY2055", failure.Code);
        Assert.Contains("lacks 4 files, 927 B:", failure.Message, StringComparison.Ordinal);
        Assert.Contains("\n  bash 5.2: bash_5.2_amd64.deb, 9 B", failure.Message, StringComparison.Ordinal);
        Assert.Contains("\n  dash 0.5: dash_0.5_amd64.deb, 9 B", failure.Message, StringComparison.Ordinal);
        Assert.Contains("\n  numpy 2.2 (Python): numpy-2.2-cp313.whl, 9 B", failure.Message, StringComparison.Ordinal);
        Assert.Contains("\n  cuDNN 9.0.0.312: x.tar.xz, 900 B", failure.Message, StringComparison.Ordinal);
        Assert.Contains("once without --offline", failure.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_cache_has_is_not_missing_and_what_is_damaged_is()
    {
        var path = Path.Combine(Store.Packages, "sha256", Digest.Of(Content).Hex[..2], Digest.Of(Content).Hex);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, Content);
        Assert.Equal(["cuDNN 9.0.0.312"], MissingFiles.Of(Store, Lock()).Select(file => file.Name));
        MissingFiles.Refuse(Store, Lock() with { Cudnn = null });

        File.WriteAllBytes(path, [.. Content[..^1], (byte)'X']);
        Assert.Equal(4, MissingFiles.Of(Store, Lock()).Count);
    }

    private static RecipeLock Lock()
    {
        var recipe = new Recipe { Name = "x", Base = new DebianBase { Suite = "trixie" } };
        return new RecipeLock
        {
            RecipeDigest = Digest.Of(Content),
            Recipe = recipe,
            SourceDateEpoch = 0,
            Archives = [],
            Packages = [Package("bash", "5.2"), Package("dash", "0.5")],
            Python = new LockedPython
            {
                Interpreter = "3.13",
                Resolver = "pip 25",
                Indexes = [],
                Packages = [new LockedPythonPackage { Name = "numpy", Version = "2.2", Filename = "numpy-2.2-cp313.whl", Size = Content.Length, Sha256 = Digest.Of(Content) }],
            },
            Cudnn = new LockedCudnn { Version = "9.0.0.312", Cuda = 12, Url = "https://x/x.tar.xz", Size = 900, Sha256 = Digest.Of("c"u8), License = "https://x" },
            Tools = new LockedTools(1, Digest.Of(Content), "libzstd 1"),
        };
    }

    private static LockedDebianPackage Package(string name, string version) => new()
    {
        Name = name,
        Version = version,
        Architecture = "amd64",
        Source = name,
        Archive = "trixie",
        Filename = $"pool/main/{name}_{version}_amd64.deb",
        Size = Content.Length,
        Sha256 = Digest.Of(Content),
        InstalledSize = 1,
    };
}

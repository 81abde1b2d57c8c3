using Torchyard.Images.Build;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Sources;

public sealed class MissingFilesTests : IDisposable
{
    private static readonly byte[] Content = "a package"u8.ToArray();
    private readonly TemporaryStore _store = new();

    private StorePaths Store => _store.Paths;

    private CachedFiles Cached => new(_store.Paths);

    public void Dispose() => _store.Dispose();

    [Fact]
    public void Everything_that_is_missing_is_told_in_one_message()
    {
        var failure = Assert.Throws<TorchyardException>(() => Cached.Require(Wanted(Lock())));

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
        Assert.Equal(["cuDNN 9.0.0.312"], Cached.Missing(Wanted(Lock())).Select(file => file.Title));
        Cached.Require(Wanted(Lock() with { Cudnn = null }));

        File.WriteAllBytes(path, [.. Content[..^1], (byte)'X']);
        Assert.Equal(4, Cached.Missing(Wanted(Lock())).Count);
    }

    [Fact]
    public void A_wheel_that_was_built_from_source_needs_what_it_is_built_from_only_while_it_is_missing()
    {
        var built = new LockedPythonPackage
        {
            Name = "vcs",
            Version = "1.0",
            Filename = "vcs-1.0.whl",
            Size = 9,
            Sha256 = Digest.Of("built"u8),
            Source = new LockedSource
            {
                Filename = "vcs-1.0.tar.gz",
                Size = 7,
                Sha256 = Digest.Of("source"u8),
            },
        };
        var tool = new LockedPythonPackage
        {
            Name = "setuptools",
            Version = "80",
            Filename = "setuptools-80.whl",
            Size = 8,
            Sha256 = Digest.Of("tool"u8),
        };
        var locked = Lock() with
        {
            Packages = [],
            Cudnn = null,
            BuildPackages = [Package("gcc", "14")],
            Python = new LockedPython
            {
                Interpreter = "3.13",
                Resolver = "pip 25",
                Packages = [built],
                BuildPackages = [tool],
            },
        };

        Assert.Equal(
            ["gcc 14", "setuptools 80 (Python)", "vcs 1.0 (Python, source)"],
            LayerSources.ForQuestions.Files(locked, _ => false).Select(file => file.Label)
        );
        Assert.Equal(["vcs 1.0 (Python)"], LayerSources.ForQuestions.Files(locked, _ => true).Select(file => file.Label));
        var commit = locked with
        {
            Python = locked.Python with
            {
                Packages =
                [
                    built with
                    {
                        Source = new LockedSource { Url = "https://git.example/vcs", Commit = "c" },
                    },
                ],
            },
        };
        Assert.Equal(
            "vcs 1.0 (Python, built from https://git.example/vcs)",
            LayerSources.ForQuestions.Files(commit, _ => false).Last().Label
        );
    }

    private IEnumerable<LockedFile> Wanted(RecipeLock locked) => LayerSources.ForQuestions.Files(locked, Cached.Has);

    private static RecipeLock Lock()
    {
        var recipe = new Recipe
        {
            Name = "x",
            Base = new DebianBase { Suite = "trixie" },
        };
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
                Packages =
                [
                    new LockedPythonPackage
                    {
                        Name = "numpy",
                        Version = "2.2",
                        Filename = "numpy-2.2-cp313.whl",
                        Size = Content.Length,
                        Sha256 = Digest.Of(Content),
                    },
                ],
            },
            Cudnn = new LockedCudnn
            {
                Version = "9.0.0.312",
                Cuda = 12,
                Url = "https://x/x.tar.xz",
                Size = 900,
                Sha256 = Digest.Of("c"u8),
                License = "https://x",
            },
            Tools = new LockedTools(1, Digest.Of(Content), "libzstd 1"),
        };
    }

    private static LockedDebianPackage Package(string name, string version) =>
        new()
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

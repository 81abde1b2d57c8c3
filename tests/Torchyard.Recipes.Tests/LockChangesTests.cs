using CsCheck;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Presets;

namespace Torchyard.Recipes.Tests;

public sealed class LockChangesTests
{
    [Fact]
    public void Packages_that_came_went_and_changed_are_named()
    {
        var before = Lock(("bash", "5.1"), ("gone", "1"), ("same", "2"));
        var after = Lock(("bash", "5.2"), ("new", "3"), ("same", "2"));
        Assert.Equal(
            [new LockChange("bash", "5.1", "5.2"), new LockChange("gone", "1", null), new LockChange("new", null, "3")],
            LockChanges.Between(before, after)
        );
        Assert.Equal(3, LockChanges.Between(null, after).Count);
    }

    [Fact]
    public void What_is_nvidias_is_named_and_other_bytes_under_the_same_version_too()
    {
        var before = Lock() with { Cudnn = Cudnn("9.0.0.312", "a"), CudaCompat = Compat("580.126.20", "a") };
        var after = before with { Cudnn = Cudnn("9.0.0.312", "b"), CudaCompat = Compat("590.48.01", "b") };
        Assert.Equal(
            [
                new LockChange("cuda-compat (NVIDIA)", "580.126.20", "590.48.01"),
                new LockChange(
                    "cudnn (NVIDIA)",
                    $"9.0.0.312 (SHA-256 {Digest.Of("a"u8).Hex[..12]}…)",
                    $"9.0.0.312 (SHA-256 {Digest.Of("b"u8).Hex[..12]}…)"
                ),
            ],
            LockChanges.Between(before, after)
        );
        Assert.Empty(LockChanges.Between(after, after));
        Assert.Equal(
            [new LockChange("cuda-compat (NVIDIA)", "590.48.01", null)],
            LockChanges.Between(after, after with { CudaCompat = null })
        );

        static LockedCudnn Cudnn(string version, string bytes) =>
            new()
            {
                Version = version,
                Cuda = 12,
                Url = "https://x/c.tar.xz",
                Size = 1,
                Sha256 = Digest.Of(System.Text.Encoding.UTF8.GetBytes(bytes)),
                License = "https://x/LICENSE.txt",
            };
        static LockedCudaCompat Compat(string version, string bytes) =>
            new()
            {
                Version = version,
                Cuda = "13.1",
                Url = "https://x/f.tar.xz",
                Size = 1,
                Sha256 = Digest.Of(System.Text.Encoding.UTF8.GetBytes(bytes)),
                License = "https://x/LICENSE.txt",
            };
    }

    [Fact]
    public void Another_file_of_the_same_version_is_a_change()
    {
        var before = Lock(("mytool", "1"));
        before = before with { Packages = [before.Packages[0] with { Archive = null, Path = "./mytool.deb", Sha256 = Digest.Of("a"u8) }] };
        var after = before with { Packages = [before.Packages[0] with { Sha256 = Digest.Of("b"u8) }] };
        Assert.Equal(
            [new LockChange("mytool", $"1 (SHA-256 {Digest.Of("a"u8).Hex[..12]}…)", $"1 (SHA-256 {Digest.Of("b"u8).Hex[..12]}…)")],
            LockChanges.Between(before, after)
        );
    }

    [Fact]
    public void Another_commit_of_the_same_version_is_a_change()
    {
        var before = Lock() with { Python = Python('a') };
        var after = before with { Python = Python('b') };
        Assert.Equal(
            [new LockChange("vcs (Python)", $"1.0 at {new string('a', 12)}", $"1.0 at {new string('b', 12)}")],
            LockChanges.Between(before, after)
        );

        static LockedPython Python(char commit) =>
            new()
            {
                Interpreter = "3.13",
                Resolver = "pip",
                Packages =
                [
                    new LockedPythonPackage
                    {
                        Name = "vcs",
                        Version = "1.0",
                        Filename = "vcs-1.0-py3-none-any.whl",
                        Size = 1,
                        Sha256 = Digest.Of("p"u8),
                        Source = new LockedSource { Url = "https://host/r", Commit = new string(commit, 40) },
                    },
                ],
            };
    }

    [Fact]
    public void A_lock_differs_from_itself_in_nothing() => Samples.Locks.Sample(locked => LockChanges.Between(locked, locked).Count == 0);

    private static RecipeLock Lock(params (string Name, string Version)[] packages) =>
        new()
        {
            RecipeDigest = Digest.Of("r"u8),
            Recipe = Preset.Get("minimal").Recipe,
            SourceDateEpoch = 0,
            Archives = [],
            Packages =
            [
                .. packages.Select(package => new LockedDebianPackage
                {
                    Name = package.Name,
                    Version = package.Version,
                    Architecture = "amd64",
                    Source = package.Name,
                    Archive = "trixie",
                    Filename = "pool/x.deb",
                    Size = 1,
                    Sha256 = Digest.Of("p"u8),
                    InstalledSize = 1,
                }),
            ],
            Tools = new LockedTools(1, Digest.Of("s"u8), "libzstd 1.5.7"),
        };
}

using Torchyard.Gpus.Fit;
using Torchyard.Gpus.Fit.Packages;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Gpus.Tests.Fit;

public sealed class LockReasonsTests
{
    [Fact]
    public void A_pinned_library_is_there_because_torch_asked_for_it()
    {
        var reason = LockReasons.Find(Lock(), "NVIDIA_cuDNN_cu12", FitTables.Default)!;
        Assert.Equal(["torch", "nvidia-cudnn-cu12"], Assert.Single(reason.Chains));
        Assert.Contains(reason.Facts, fact => fact.StartsWith("2.9.1+cu128 goes with 9.10.2.21", StringComparison.Ordinal));
    }

    [Fact]
    public void Cycles_of_requirements_end() => Assert.Single(LockReasons.Find(Lock(), "b", FitTables.Default)!.Chains);

    [Fact]
    public void What_is_not_in_the_lock_has_no_reason() => Assert.Null(LockReasons.Find(Lock(), "numpy", FitTables.Default));

    [Fact]
    public void A_version_that_the_table_does_not_have_is_said() =>
        Assert.Contains(
            LockReasons.Find(Lock(), "triton", FitTables.Default)!.Facts, fact => fact.Contains("METADATA asked for 3.5.9, and counts", StringComparison.Ordinal));

    [Fact]
    public void Of_several_indexes_the_first_that_has_it_is_named() =>
        Assert.Contains("https://site.example/simple/ is the first of the recipe's indexes that has lightning", LockReasons.Find(Lock(), "lightning", FitTables.Default)!.Facts);

    private static RecipeLock Lock() => new()
    {
        RecipeDigest = Digest.Of([]),
        Recipe = new Recipe { Name = "test", Base = new DebianBase { Suite = "trixie" } },
        SourceDateEpoch = 0,
        Archives = [],
        Packages = [],
        Tools = new LockedTools(1, Digest.Of([]), "libzstd 1.5.7"),
        Python = new LockedPython
        {
            Interpreter = "3.13",
            Resolver = "pip 25.1.1",
            Indexes = [new LockedPythonIndex("site", "https://site.example/simple/"), new LockedPythonIndex("pypi", "https://pypi.org/simple/")],
            Packages =
            [
                Package("torch", "2.9.1+cu128", true, "nvidia-cudnn-cu12", "triton"),
                Package("lightning", "2.6.6", true, "torch") with { Index = "site" },
                Package("nvidia-cudnn-cu12", "9.10.2.21", false),
                Package("triton", "3.5.9", false),
                Package("a", "1", true, "b"),
                Package("b", "1", false, "c"),
                Package("c", "1", false, "b"),
            ],
        },
    };

    private static LockedPythonPackage Package(string name, string version, bool requested, params string[] requires) => new()
    {
        Name = name,
        Version = version,
        Filename = $"{name}-{version}-py3-none-any.whl",
        Size = 1,
        Sha256 = Digest.Of([]),
        Requested = requested,
        Requires = requires,
    };
}

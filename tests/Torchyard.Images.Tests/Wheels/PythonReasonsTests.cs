using Torchyard.Images.Build;
using Torchyard.Images.Sources;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Wheels;

public sealed class PythonReasonsTests
{
    [Fact]
    public void A_pinned_library_is_there_because_torch_asked_for_it() =>
        Assert.Equal(
            [
                "nvidia-cudnn-cu12 9.10.2.21 (Python)",
                "├─ torch → nvidia-cudnn-cu12",
                "└─ nvidia-cudnn-cu12-9.10.2.21-py3-none-any.whl from the recipe, resolved by pip 25.1.1 for CPython 3.13",
            ],
            Find("NVIDIA_cuDNN_cu12")!.Lines()
        );

    [Fact]
    public void Cycles_of_requirements_end() => Assert.Single(Find("b")!.Chains);

    [Fact]
    public void What_is_not_in_the_lock_has_no_reason() => Assert.Null(Find("numpy"));

    [Fact]
    public void Of_several_indexes_the_first_that_has_it_is_named() =>
        Assert.Contains("https://site.example/simple/ is the first of the recipe's indexes that has lightning", Find("lightning")!.Facts);

    private static LayerReason? Find(string name) => LayerSources.ForQuestions.Explain(Lock(), name);

    private static RecipeLock Lock() =>
        new()
        {
            RecipeDigest = Digest.Of([]),
            Recipe = new Recipe
            {
                Name = "test",
                Base = new DebianBase { Suite = "trixie" },
            },
            SourceDateEpoch = 0,
            Archives = [],
            Packages = [],
            Tools = new LockedTools(1, Digest.Of([]), "libzstd 1.5.7"),
            Python = new LockedPython
            {
                Interpreter = "3.13",
                Resolver = "pip 25.1.1",
                Indexes =
                [
                    new LockedPythonIndex("site", "https://site.example/simple/"),
                    new LockedPythonIndex("pypi", "https://pypi.org/simple/"),
                ],
                Packages =
                [
                    Package("torch", "2.9.1+cu128", true, "nvidia-cudnn-cu12", "triton"),
                    Package("lightning", "2.6.6", true, "torch") with
                    {
                        Index = "site",
                    },
                    Package("nvidia-cudnn-cu12", "9.10.2.21", false),
                    Package("triton", "3.5.9", false),
                    Package("a", "1", true, "b"),
                    Package("b", "1", false, "c"),
                    Package("c", "1", false, "b"),
                ],
            },
        };

    private static LockedPythonPackage Package(string name, string version, bool requested, params string[] requires) =>
        new()
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

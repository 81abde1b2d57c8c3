using Torchyard.Fit.Data;
using Torchyard.Fit.Packages;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Fit.Tests.Packages;

public sealed class TorchPinsTests
{
    [Fact]
    public void A_library_of_the_version_that_torch_goes_with_is_said_to_be_that() =>
        Assert.StartsWith(
            "2.9.1+cu128 goes with 9.10.2.21",
            TorchPins.Of(Lock(), "NVIDIA_cuDNN_cu12", FitTables.Default),
            StringComparison.Ordinal
        );

    [Fact]
    public void A_version_that_the_table_does_not_have_is_said() =>
        Assert.Contains(
            "METADATA asked for 3.5.9, and counts",
            TorchPins.Of(Lock(), "triton", FitTables.Default),
            StringComparison.Ordinal
        );

    [Fact]
    public void The_tables_say_nothing_of_other_distributions() =>
        Assert.All(["lightning", "numpy"], name => Assert.Null(TorchPins.Of(Lock(), name, FitTables.Default)));

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
                Packages =
                [
                    Package("torch", "2.9.1+cu128"),
                    Package("lightning", "2.6.6"),
                    Package("nvidia-cudnn-cu12", "9.10.2.21"),
                    Package("triton", "3.5.9"),
                ],
            },
        };

    private static LockedPythonPackage Package(string name, string version) =>
        new()
        {
            Name = name,
            Version = version,
            Filename = $"{name}-{version}-py3-none-any.whl",
            Size = 1,
            Sha256 = Digest.Of([]),
        };
}

using Torchyard.Images.Capture.Python;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Errors;

namespace Torchyard.Images.Tests.Capture;

/// <summary>Choices among the 197 distributions of a real PyTorch environment.</summary>
public sealed class DistributionSelectionTests
{
    private static readonly IReadOnlyList<InstalledDistribution> Installed =
    [
        .. Fixture("pytorch-2.11-cu130.requirements.txt")
            .TrimEnd('\n')
            .Split("\n\n")
            .Select(text => WheelMetadata.Parse(System.Text.Encoding.UTF8.GetBytes(text)))
            .Select(metadata => new InstalledDistribution(
                metadata.Name.ToLowerInvariant().Replace('_', '-').Replace('.', '-'),
                metadata.Version
            )
            {
                Origin = "",
                Requires = metadata.RequiresDist,
            }),
    ];

    [Fact]
    public void Torch_brings_its_CUDA_libraries_and_nothing_of_other_frameworks()
    {
        var names = Choose("torch", "torchvision", "triton", "numpy");

        Assert.Superset(
            new HashSet<string>
            {
                "torch",
                "torchvision",
                "triton",
                "numpy",
                "pillow",
                "sympy",
                "mpmath",
                "networkx",
                "jinja2",
                "markupsafe",
                "filelock",
                "fsspec",
                "nvidia-cudnn-cu13",
                "nvidia-cublas",
                "nvidia-nccl-cu13",
                "nvidia-cuda-runtime",
                "cuda-toolkit",
                "cuda-bindings",
            },
            names
        );
        Assert.DoesNotContain("jax", names);
        Assert.DoesNotContain("lightning", names);
        Assert.DoesNotContain("pytest", names);
    }

    [Fact]
    public void An_extra_that_is_asked_for_brings_its_own_needs()
    {
        Assert.DoesNotContain("nvidia-cublas", Choose("cuda-toolkit"));
        Assert.Contains("nvidia-cublas", Choose("cuda-toolkit[cublas]"));
    }

    [Fact]
    public void A_name_that_is_not_installed_is_refused_with_the_nearest_one()
    {
        var failure = Assert.Throws<TorchyardException>(() => Choose("torchvison"));

        Assert.Equal("TY3032", failure.Code);
        Assert.Contains("torchvision", failure.Cure, StringComparison.Ordinal);
    }

    private static HashSet<string> Choose(params string[] names) =>
        [.. DistributionSelection.Closure(Installed, names, "3.12.3", "x86_64")];

    private static string Fixture(string name)
    {
        using var reader = new StreamReader(typeof(DistributionSelectionTests).Assembly.GetManifestResourceStream("capture/" + name)!);
        return reader.ReadToEnd();
    }
}

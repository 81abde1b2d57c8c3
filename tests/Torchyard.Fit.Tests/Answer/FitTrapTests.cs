using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Fit.Packages;
using Torchyard.Fit.Require;
using Torchyard.Fit.Tests.Fixtures;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;
using Torchyard.Packages.Python.Wheels;

namespace Torchyard.Fit.Tests.Answer;

/// <summary>The traps that the fit exists for, one test each.</summary>
public sealed class FitTrapTests
{
    private static readonly FitTables Tables = FitTables.Default;
    private static readonly MarkerEnvironment Python312 = MarkerEnvironment.CPythonOnLinux(PythonVersion.Parse("3.12"));

    [Fact]
    public void PyTorch_without_CUDA_picked_silently()
    {
        var verdict = Judge("2.9.1", "cpu", Machine("535.183.01", "a100"));
        Assert.Contains(verdict.Verdict.Parts, part =>
            part is { Rule: "build", Outcome: FitOutcome.Fail } && part.Fact.Contains("no CUDA", StringComparison.Ordinal)
        );
        var set = new WheelSetCheck(Tables).Check([Wheel("torch", "2.9.1", "filelock")], Python312, gpus: true);
        Assert.Contains(set.Verdict.Parts, part => part is { Rule: "build", Outcome: FitOutcome.Fail });
    }

    [Fact]
    public void An_architecture_absent_from_the_build()
    {
        var report = Resolve(new FitRequest { Torch = Torch("2.11"), Build = "cu128" }, Machine("570.124.06", "v100"));
        Assert.False(report.Fits);
        Assert.Contains(report.Refused[0].Verdict.Parts, part => part is { Rule: "architecture", Outcome: FitOutcome.Fail });
        Assert.Equal("2.11.0+cu126", Assert.Single(report.Nearest).Candidate.Torch.LocalVersion);
    }

    [Fact]
    public void Two_cuDNNs()
    {
        var set = new WheelSetCheck(Tables).Check(
            [Wheel("nvidia-cudnn-cu12", "9.10.2.21"), Wheel("nvidia_cudnn_cu13", "9.19.0.56")],
            Python312,
            gpus: true
        );
        Assert.Contains(
            "nvidia-cudnn-cu12 and nvidia-cudnn-cu13",
            Assert.Single(set.Verdict.Parts, part => part.Rule == "cudnn").Fact,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_cu12_and_cu13_NCCL_wheels_own_the_same_path()
    {
        var set = new WheelSetCheck(Tables).Check(
            [Wheel("nvidia-nccl-cu12", "2.27.5"), Wheel("nvidia-nccl-cu13", "2.28.9")],
            Python312,
            gpus: true
        );
        Assert.Contains("libnccl.so.2", Assert.Single(set.Verdict.Parts, part => part.Rule == "nccl").Fact, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("535.183.01", "cuda-compat-13-0")]
    [InlineData("560.35.05", "cuda-compat-13-3")]
    [InlineData("525.147.05", null)]
    public void The_nearest_compat_release_that_accepts_the_driver_is_named_be_it_later_than_the_build(string driver, string? package)
    {
        var verdict = Judge("2.11.0", "cu130", Machine(driver, "a100"));
        Assert.Equal(package is not null, verdict.Fits);
        Assert.Equal(package, verdict.CompatPackage);
        Assert.Equal(
            package,
            ForwardChoice
                .Releases(DottedVersion.Parse("13.0.2"), [verdict], Tables)
                .Select(row => row.Package)
                .FirstOrDefault(_ => package is not null)
        );
    }

    [Fact]
    public void Forward_compatibility_on_a_consumer_GPU_is_error_804()
    {
        var driver = Assert.Single(Judge("2.11.0", "cu130", Machine("535.183.01", "rtx-3090")).Verdict.Parts, part =>
            part.Rule == "driver"
        );
        Assert.Contains("804", driver.Parts[^1].Fact, StringComparison.Ordinal);
        Assert.Equal(FitOutcome.Fail, driver.Outcome);
    }

    [Fact]
    public void FP8_asked_for_on_an_A100()
    {
        var request = new FitRequest { Torch = Torch("2.9"), Precisions = ["fp8"] };
        var report = Resolve(request, Machine("580.95.05", "a100"));
        Assert.False(report.Fits);
        Assert.Contains(report.Refused[0].Verdict.Parts, part =>
            part.Rule == "precision" && part.Fact.Contains("not applicable on A100", StringComparison.Ordinal)
        );
        Assert.Empty(report.Nearest);
        Assert.True(Resolve(request, Machine("580.95.05", "h100")).Fits);
    }

    // The value of nvidia/cuda:12.8.1, shortened to the brands that matter; NVIDIA/nvidia-container-toolkit#152.
    private const string Image128 =
        "cuda>=12.8 brand=unknown,driver>=470,driver<471 brand=tesla,driver>=470,driver<471 brand=nvidia,driver>=470,driver<471 "
        + "brand=tesla,driver>=535,driver<536 brand=nvidia,driver>=535,driver<536 brand=tesla,driver>=550,driver<551 "
        + "brand=nvidia,driver>=550,driver<551 "
        + "brand=tesla,driver>=560,driver<561 brand=tesla,driver>=565,driver<566";

    [Theory]
    [InlineData("570.124.06", "rtx-3090", FitOutcome.Pass, "accepts")]
    [InlineData("535.183.01", "a100", FitOutcome.Pass, "accepts")]
    [InlineData("535.183.01", "rtx-3090", FitOutcome.Fail, "stricter than the truth")]
    [InlineData("545.23.08", "h100", FitOutcome.Fail, "stricter than the truth")]
    [InlineData("515.105.01", "a100", FitOutcome.Fail, "and rightly")]
    [InlineData("470.256.02", "a100", FitOutcome.Pass, "accepts")]
    public void NVIDIA_REQUIRE_CUDA_stricter_than_the_truth(string driver, string gpu, FitOutcome outcome, string words)
    {
        Assert.True(RequireExpression.TryParse(Image128, out var expression, out _));
        var verdict = RequireCheck.Judge(expression, DottedVersion.Parse("12.8.1"), Machine(driver, gpu), Tables);
        Assert.Equal(outcome, verdict.Outcome);
        Assert.Contains(words, verdict.Fact, StringComparison.Ordinal);
    }

    [Theory]
    // The image is of CUDA 13.0, whatever build goes into it; the driver runs it by cuda-compat only, which the advice must accept.
    [InlineData("cuda>=13.0", "12.6.3", "535.183.01", "a100", "driver>=580 driver>=535,driver<536")]
    [InlineData("cuda>=12.8", "12.8.1", "535.183.01", "rtx-3090", "driver>=525.60.13")]
    public void What_is_advised_accepts_the_machine_that_it_is_advised_for(
        string image,
        string cuda,
        string driver,
        string gpu,
        string words
    )
    {
        Assert.True(RequireExpression.TryParse(image, out var expression, out _));
        var machine = Machine(driver, gpu);
        var verdict = RequireCheck.Judge(expression, DottedVersion.Parse(cuda), machine, Tables);
        Assert.Contains(words, verdict.Fact, StringComparison.Ordinal);
        var advised = verdict.Fact.Split('"')[1];
        Assert.True(RequireExpression.TryParse(advised, out var better, out _));
        Assert.Equal(
            FitOutcome.Pass,
            RequireCheck.Judge(better, DottedVersion.Parse(expression.Cuda!.Value + ".0"), machine, Tables).Outcome
        );
    }

    [Fact]
    public void The_CUDA_of_the_image_counts_and_not_that_of_the_build()
    {
        Assert.True(RequireExpression.TryParse("cuda>=13.0", out var expression, out _));
        var verdict = RequireCheck.Judge(expression, DottedVersion.Parse("12.6.3"), Machine("560.35.05", "rtx-3090"), Tables);
        Assert.Contains("and rightly: it cannot run CUDA 13.0", verdict.Fact, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3.9", "too old", "3.9")]
    // No PyTorch has 3.15 but as a preview, so another Python is nearer than another PyTorch.
    [InlineData("3.15", "too new", "3.13")]
    public void Python_too_old_or_too_new(string python, string words, string nearest)
    {
        var report = Resolve(new FitRequest { Torch = Torch("2.9"), Python = python }, Machine("580.95.05", "h100"));
        Assert.False(report.Fits);
        Assert.Contains(
            words,
            Assert.Single(report.Refused[0].Verdict.Parts, part => part.Rule == "python").Fact,
            StringComparison.Ordinal
        );
        Assert.Equal(nearest, Assert.Single(report.Nearest).Candidate.Python);
    }

    [Fact]
    public void Glibc_too_old_for_the_wheel()
    {
        var report = Resolve(new FitRequest { Torch = Torch("2.9"), Glibc = DottedVersion.Parse("2.17") }, Machine("580.95.05", "h100"));
        Assert.Contains(report.Refused[0].Verdict.Parts, part => part is { Rule: "glibc", Outcome: FitOutcome.Fail });
        Assert.Equal("2.6.0", Assert.Single(report.Nearest).Candidate.Torch.Torch);
    }

    [Fact]
    public void Cuda_toolkit_extras_are_expanded()
    {
        var finding = new WheelSetCheck(Tables).Check(Stack211(), Python312, gpus: true);
        Assert.Equal(FitOutcome.Pass, finding.Verdict.Outcome);
        Assert.Contains(
            "11 libraries for 11 extras",
            Assert.Single(finding.Verdict.Parts, part => part.Rule == "toolkit-extras").Fact,
            StringComparison.Ordinal
        );
        Assert.Equal("2.11.0+cu130", finding.Build!.LocalVersion);
        Assert.Equal("9.19.0.56", finding.Build.Cudnn);

        var without = Stack211().Where(wheel => wheel.Name != "nvidia-cublas").ToArray();
        Assert.Contains(new WheelSetCheck(Tables).Check(without, Python312, gpus: true).Verdict.Parts, part =>
            part is { Rule: "pins", Outcome: FitOutcome.Fail } && part.Fact.Contains("nvidia-cublas", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void METADATA_beats_the_table()
    {
        var changed = Stack211()
            .Select(wheel =>
                wheel.Name == "torch"
                    ? wheel with
                    {
                        RequiresDist =
                        [
                            .. wheel.RequiresDist.Select(line =>
                                line.Replace("cudnn-cu13==9.19.0.56", "cudnn-cu13==9.17.1.4", StringComparison.Ordinal)
                            ),
                        ],
                    }
                : wheel.Name == "nvidia-cudnn-cu13" ? wheel with { Version = "9.17.1.4" }
                : wheel
            )
            .ToArray();
        var finding = new WheelSetCheck(Tables).Check(changed, Python312, gpus: true);
        Assert.Equal(FitOutcome.Limited, finding.Verdict.Outcome);
        Assert.Equal(new TableDisagreement("cudnn", "9.17.1.4", "9.19.0.56"), Assert.Single(finding.Disagreements));
        Assert.Equal("9.17.1.4", finding.Build!.Cudnn);
    }

    [Fact]
    public void A_library_that_torch_does_not_pin_is_found()
    {
        var changed = Stack211().Select(wheel => wheel.Name == "nvidia-nccl-cu13" ? wheel with { Version = "2.30.7" } : wheel).ToArray();
        var part = Assert.Single(new WheelSetCheck(Tables).Check(changed, Python312, gpus: true).Verdict.Parts, part =>
            part.Rule == "pins"
        );
        Assert.Equal("torch needs nvidia-nccl-cu13==2.28.9, the set has 2.30.7", part.Fact);
    }

    private static WheelMetadata[] Stack211() =>
        [
            .. FitFixtures
                .Read("pytorch-2.11-cu130.metadata.txt")
                .Split("\n\n")
                .Select(text => WheelMetadata.Parse(System.Text.Encoding.UTF8.GetBytes(text))),
        ];

    private static WheelMetadata Wheel(string name, string version, params string[] requires) =>
        new()
        {
            Name = name,
            Version = version,
            RequiresDist = requires,
            RequiresPython = null,
            Extras = [],
        };

    private static FitTarget Machine(string driver, string gpu) =>
        new()
        {
            Name = "node",
            Driver = DottedVersion.Parse(driver),
            Gpus = [FleetFile.Gpu(gpu, Tables)!],
        };

    private static VersionSpecifierSet Torch(string text) =>
        FitRequest.TryParseTorch(text, out var torch) ? torch : throw new FormatException(text);

    private static StackVerdict Judge(string torch, string build, FitTarget target) =>
        new FitEngine(Tables).Judge(
            new StackCandidate(Tables.Builds.Single(row => row.Torch == torch && row.Build == build), "3.12"),
            target,
            new FitRequest()
        );

    private static FitReport Resolve(FitRequest request, FitTarget target) => new FitEngine(Tables).Resolve(request, [target]);
}

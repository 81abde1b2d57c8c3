using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;

namespace Torchyard.Fit.Tests.Answer;

/// <summary>Whose forward-compatibility libraries serve which machines; the branches are those of the images' own constraints.</summary>
public sealed class ForwardChoiceTests
{
    private static readonly FitTables Tables = FitTables.Default;

    [Theory]
    [InlineData("cu130", "2.11.0", "13.0, 13.1, 13.2, 13.3", "a100 535.183.01")]
    // 565 is accepted by 13.0 and, by the public rebuild, 13.3.
    [InlineData("cu130", "2.11.0", "13.0, 13.3", "a100 565.57.01")]
    [InlineData("cu130", "2.11.0", "13.0, 13.1, 13.2, 13.3", "a100 535.183.01", "h100 570.86.10")]
    // Another driver is enough for the second, and libraries that would be used there all the same must not break it: error 804.
    [InlineData("cu130", "2.11.0", "", "a100 535.183.01", "rtx-3090 580.95.05")]
    [InlineData("cu130", "2.11.0", "13.0, 13.1, 13.3", "a100 535.183.01", "rtx-3090 595.58.03")]
    [InlineData("cu128", "2.9.1", "12.8", "a100 470.199.02")]
    public void Releases_that_accept_every_machine(string build, string torch, string releases, params string[] machines) =>
        Assert.Equal(
            releases,
            string.Join(
                ", ",
                ForwardChoice
                    .Releases(Row(torch, build).Cuda!.Value, [.. machines.Select(machine => Judge(torch, build, machine))], Tables)
                    .Select(row => row.Cuda)
            )
        );

    [Theory]
    [InlineData("13.0", "a100 535.183.01", true, true)]
    [InlineData("13.1", "a100 535.183.01", true, true)]
    [InlineData("13.1", "a100 560.35.05", false, true)]
    [InlineData("13.1", "a100 590.44.01", false, true)]
    [InlineData("13.1", "rtx-3090 580.95.05", false, false)]
    [InlineData("13.1", "rtx-3090 590.44.01", false, false)]
    [InlineData("13.0", "rtx-3090 590.44.01", false, true)]
    // Volta is in no driver after 580.
    [InlineData("13.1", "v100 535.183.01", false, false)]
    [InlineData("13.0", "v100 535.183.01", true, true)]
    public void A_machine_that_a_lock_meets(string release, string machine, bool serves, bool safe)
    {
        var target = Target(machine);
        Assert.Equal(
            (serves, safe),
            (
                ForwardChoice.Serves(DottedVersion.Parse(release), target, Tables),
                ForwardChoice.IsSafe(DottedVersion.Parse(release), target, Tables)
            )
        );
    }

    [Theory]
    [InlineData("cu130", "2.11.0", "a100 535.183.01", null, "the lock has no cuda-compat")]
    [InlineData(
        "cu130",
        "2.11.0",
        "a100 565.57.01",
        "13.1",
        "the lock has cuda-compat 590.48.01 of CUDA 13.1, which does not serve driver 565.57.01"
    )]
    [InlineData("cu130", "2.11.0", "a100 535.183.01", "13.1", null)]
    // Nothing is needed: with libraries or without, as long as they do no harm.
    [InlineData("cu130", "2.11.0", "a100 580.95.05", null, null)]
    [InlineData("cu130", "2.11.0", "a100 580.95.05", "13.1", null)]
    [InlineData(
        "cu130",
        "2.11.0",
        "rtx-3090 580.95.05",
        "13.1",
        "the image has cuda-compat 590.48.01, which a container here would use with driver 580.95.05, and it does not work on GeForce "
            + "RTX 3090 (CUDA error 804)"
    )]
    public void What_a_lock_lacks_on_the_machine_it_meets(string build, string torch, string machine, string? release, string? problem)
    {
        var compat = release is null
            ? null
            : new LockedCudaCompat
            {
                Version = "590.48.01",
                Cuda = release,
                Url = "https://example.org/archive.tar.xz",
                Size = 1,
                Sha256 = Digest.Of([]),
                License = "terms",
            };
        var found = ForwardChoice.Problem(compat, Judge(torch, build, machine), Tables);
        if (problem is null)
        {
            Assert.Null(found);
        }
        else
        {
            Assert.Contains(problem, found, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_nearest_stack_that_does_without_is_another_build_of_the_same_release()
    {
        Assert.True(FitRequest.TryParseTorch("2.11", out var torch));
        var nearest = new FitEngine(Tables).NearestWithoutForward(
            new FitRequest
            {
                Torch = torch,
                Build = "cu130",
                Python = "3.13",
            },
            [Target("a100 535.183.01")]
        )!;
        Assert.Equal(("2.11.0", "cu126", "3.13"), (nearest.Torch.Torch, nearest.Torch.Build, nearest.Python));
    }

    [Fact]
    public void Every_package_has_a_manifest_of_its_release_and_a_branch() => Assert.All(Tables.Forward, row =>
        {
            Assert.StartsWith(row.Cuda + ".", row.Manifest, StringComparison.Ordinal);
            Assert.True(ForwardChoice.Branch(row, Tables) > row.Branches.Max(), row.Package);
        });

    private static TorchBuild Row(string torch, string build) => Tables.Builds.Single(row => row.Torch == torch && row.Build == build);

    private static StackVerdict Judge(string torch, string build, string machine)
    {
        var verdict = new FitEngine(Tables).Judge(new StackCandidate(Row(torch, build), "3.12"), Target(machine), new FitRequest());
        Assert.True(verdict.Fits, machine);
        return verdict;
    }

    private static FitTarget Target(string machine)
    {
        var parts = machine.Split(' ');
        var model = Tables.FindModel(parts[0])!;
        return new FitTarget
        {
            Name = machine,
            Gpus = [new TargetGpu(model.Name, model.Capability, model.Class)],
            Driver = DottedVersion.Parse(parts[1]),
        };
    }
}

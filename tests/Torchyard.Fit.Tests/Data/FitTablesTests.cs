using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;

namespace Torchyard.Fit.Tests.Data;

public sealed class FitTablesTests
{
    private static readonly FitTables Tables = FitTables.Default;

    [Fact]
    public void Every_row_names_a_source_that_exists()
    {
        IEnumerable<(string Row, IReadOnlyList<string> Source)> rows =
        [
            .. Tables.Families.Select(row => ($"family {row.Cuda}", row.Source)),
            .. Tables.Toolkits.Select(row => ($"toolkit {row.Toolkit}", row.Source)),
            .. Tables.Branches.Select(row => ($"branch {row.Branch}", row.Source)),
            .. Tables.Forward.Select(row => (row.Package, row.Source)),
            .. Tables.Architectures.Select(row => ($"sm {row.Capability}", row.Source)),
            .. Tables.Builds.Select(row => (row.LocalVersion, row.Source)),
            .. Tables.DebianBuilds.Select(row => (row.LocalVersion, row.Source)),
            .. Tables.Systems.Select(row => (row.Id, row.Source)),
            .. Tables.Models.Select(row => (row.Id, row.Source)),
            .. Tables.Devices.Values.Select(row => (row.Id, row.Source)),
        ];
        foreach (var (row, source) in rows)
        {
            Assert.True(source.Count > 0, $"{row} has no source");
            foreach (var id in source)
            {
                Assert.True(Tables.Sources.ContainsKey(id), $"{row} names the source {id}, which is not in sources.json");
            }
        }
    }

    [Fact]
    public void Sources_say_how_good_they_are() => Assert.All(Tables.Sources.Values, source =>
        {
            Assert.Contains(source.Kind, new[] { "metadata", "measured", "official", "code", "log", "table" });
            Assert.NotEmpty(source.Title);
        });

    [Fact]
    public void Builds_are_told_apart_by_release_and_build() =>
        Assert.Equal(Tables.Builds.Count, Tables.Builds.Select(row => row.LocalVersion).Distinct().Count());

    [Fact]
    public void A_cuda_build_has_a_toolkit_of_its_name_architectures_and_a_cudnn() =>
        Assert.All(Tables.Builds.Where(row => row.Build != "cpu"), row =>
        {
            Assert.Equal(row.Build, $"cu{row.Cuda!.Value.Major}{row.Cuda.Value.Minor}");
            Assert.NotEmpty(row.Arch);
            Assert.NotNull(row.Cudnn);
            Assert.NotEmpty(row.Python);
        });

    [Fact]
    public void A_build_of_debian_names_its_package_and_is_taken_only_when_it_is_named()
    {
        Assert.All(Tables.DebianBuilds, row => Assert.Equal($"debian-cu{row.Cuda!.Value.Major}{row.Cuda.Value.Minor}", row.Build));
        Assert.All(Tables.DebianBuilds, row => Assert.NotEmpty(row.Package!));
        Assert.All(Tables.Builds, row => Assert.Null(row.Package));
        var engine = new FitEngine(Tables);
        Assert.DoesNotContain(engine.Candidates(new FitRequest()), candidate => candidate.Torch.Package is not null);
        Assert.Equal("python3-torch-cuda", Assert.Single(engine.Candidates(new FitRequest { Build = "debian-cu124" })).Torch.Package);
    }

    [Fact]
    public void Every_release_has_exactly_one_build_on_PyPI() =>
        Assert.All(Tables.Builds.GroupBy(row => row.Torch), release => Assert.Single(release, row => row.Pypi));

    [Fact]
    public void Every_toolkit_ships_with_a_driver_whose_branch_supports_it() =>
        Assert.All(Tables.Toolkits, row =>
            Assert.True(Tables.BranchOf(row.Driver)!.Cuda >= row.Toolkit.MajorMinor, row.Toolkit.ToString())
        );

    [Fact]
    public void Branches_and_their_CUDA_releases_grow_together() =>
        Assert.Equal(Tables.Branches.Select(row => row.Cuda).Order(), Tables.Branches.Select(row => row.Cuda));

    [Theory]
    [InlineData("H100", "h100")]
    [InlineData("NVIDIA H100 80GB HBM3", "h100")]
    [InlineData("Tesla V100-SXM2-16GB", "v100")]
    [InlineData("NVIDIA A100-SXM4-80GB", "a100")]
    [InlineData("NVIDIA GeForce RTX 3090", "rtx-3090")]
    [InlineData("a10g", "a10")]
    [InlineData("mi300", null)]
    public void Models_are_found_by_the_names_that_people_and_NVML_use(string name, string? id) =>
        Assert.Equal(id, Tables.FindModel(name)?.Id);

    [Fact]
    public void The_catalogue_of_GPUs_has_the_same_compute_capabilities() =>
        Assert.All(Torchyard.Machine.Catalogue.GpuCatalogue.All, model =>
        {
            Assert.Contains(Tables.Architectures, row => row.Capability == DottedVersion.Parse(model.ComputeCapability));
            foreach (var name in model.Names)
            {
                Assert.Equal(
                    (name, DottedVersion.Parse(model.ComputeCapability)),
                    (name, Tables.FindModel(name)?.Capability ?? DottedVersion.Parse(model.ComputeCapability))
                );
            }
        });

    [Fact]
    public void Constraints_hold_pip_to_the_build_that_was_judged()
    {
        var target = new FitTarget
        {
            Name = "node",
            Driver = DottedVersion.Parse("535.183.01"),
            Gpus = [new TargetGpu("A100", DottedVersion.Parse("8.0"), GpuClass.DataCentre)],
        };
        FitConstraints Of(string torch, string build) =>
            FitConstraints.Of(
                new FitEngine(Tables).Judge(
                    new StackCandidate(Tables.Builds.Single(row => row.Torch == torch && row.Build == build), "3.12"),
                    target,
                    new FitRequest()
                ),
                Tables
            );
        var other = Of("2.9.1", "cu126");
        Assert.Equal(
            ("torch", "2.9.1+cu126", false, "https://download.pytorch.org/whl/cu126/"),
            (other.Torch.Project, other.Torch.Local, other.Torch.IsDefault, other.Torch.Index)
        );
        Assert.Equal(["torchvision 0.24.1", "torchaudio 2.9.1"], other.Companions.Select(pin => $"{pin.Project} {pin.Release}"));
        var pypi = Of("2.11.0", "cu130");
        Assert.True(pypi.Torch.IsDefault);
        Assert.Equal("cuda-compat-13-0", pypi.CompatPackage);
    }

    [Theory]
    [InlineData("2330", "9.0", GpuClass.DataCentre)]
    [InlineData("20b0", "8.0", GpuClass.DataCentre)]
    [InlineData("2335", "9.0", GpuClass.DataCentre)]
    [InlineData("2204", "8.6", GpuClass.Consumer)]
    [InlineData("2230", "8.6", GpuClass.Workstation)]
    [InlineData("1eb8", "7.5", GpuClass.DataCentre)]
    [InlineData("2901", "10.0", GpuClass.DataCentre)]
    public void PCI_ids_lead_to_capability_and_class(string id, string capability, GpuClass kind)
    {
        Assert.Equal(DottedVersion.Parse(capability), Tables.Devices[id].Capability);
        Assert.Equal(kind, Tables.Devices[id].Class);
    }
}

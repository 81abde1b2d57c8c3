using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Platform.Errors;

namespace Torchyard.Fit.Tests.Fleet;

public sealed class GpuReaderTests
{
    private static readonly FitTables Tables = FitTables.Default;

    [Fact]
    public void Every_name_and_id_of_the_device_list_is_accepted() => Assert.All(Tables.Devices.Values, device =>
        {
            foreach (
                var name in (string[])[device.Name, device.Name.ToLowerInvariant(), "NVIDIA " + device.Name, device.Name.Replace(' ', '-')]
            )
            {
                Assert.Equal((name, device.Capability), (name, FleetFile.Gpu(name, Tables)?.Capability ?? default));
            }

            foreach (var id in (string[])["10de:" + device.Id, "0x" + device.Id, "10DE:" + device.Id.ToUpperInvariant()])
            {
                var found = FleetFile.Gpu(id, Tables);
                Assert.Equal((id, device.Capability, device.Class), (id, found?.Capability ?? default, found?.Class ?? default));
            }
        });

    [Fact]
    public void Every_model_is_found_by_its_id_and_its_aliases() => Assert.All(Tables.Models, model =>
        {
            foreach (var name in model.Aliases.Append(model.Id).Append(model.Name))
            {
                Assert.Equal(model.Id, Tables.FindModel(name)?.Id);
                Assert.Equal(model.Id, Tables.FindModel(name.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant())?.Id);
            }
        });

    [Theory]
    [InlineData("4070 Ti", "8.9", GpuClass.Consumer)]
    [InlineData("rtx4070tisuper", "8.9", GpuClass.Consumer)]
    [InlineData("RTX A5000", "8.6", GpuClass.Workstation)]
    [InlineData("GH100 [H100 SXM5 80GB]", "9.0", GpuClass.DataCentre)]
    [InlineData("sm_103", "10.3", GpuClass.DataCentre)]
    [InlineData("compute_100", "10.0", GpuClass.DataCentre)]
    [InlineData("sm_90a", "9.0", GpuClass.DataCentre)]
    [InlineData("8.0", "8.0", GpuClass.Unknown)]
    [InlineData("sm_87", "8.7", GpuClass.Jetson)]
    public void Names_of_all_kinds_are_read(string name, string capability, GpuClass kind)
    {
        var gpu = FleetFile.Gpu(name, Tables);
        Assert.Equal((DottedVersion.Parse(capability), kind), (gpu!.Capability, gpu.Class));
    }

    [Theory]
    [InlineData("mi300")]
    [InlineData("")]
    [InlineData("sm_")]
    [InlineData("sm_9000")]
    [InlineData("10de:ffff")]
    [InlineData("rtx")]
    public void What_is_no_NVIDIA_GPU_is_not_read(string name) => Assert.Null(FleetFile.Gpu(name, Tables));

    [Theory]
    [InlineData("gh200", null, "aarch64")]
    [InlineData("gb200", null, "aarch64")]
    [InlineData("gb300", null, "aarch64")]
    [InlineData("gb10", null, "aarch64")]
    [InlineData("GH200 120GB / 480GB", null, "aarch64")]
    [InlineData("HGX GB200", null, "aarch64")]
    [InlineData("10de:31c2", null, "aarch64")]
    [InlineData("sm_121", null, "aarch64")]
    [InlineData("h100", null, "x86_64")]
    [InlineData("b200", null, "x86_64")]
    [InlineData("h100", "arm64", "aarch64")]
    [InlineData("h100", "amd64", "x86_64")]
    [InlineData("gh200", "arm64", "aarch64")]
    [InlineData("gh200", "amd64", null)]
    [InlineData("gb300", "x86_64", null)]
    [InlineData("h100", "riscv64", null)]
    public void A_GPU_that_only_Arm_hosts_have_names_the_architecture(string gpu, string? named, string? architecture)
    {
        var question = new FitQuestion { Gpus = [gpu], Architecture = named };
        if (architecture is null)
        {
            Assert.Equal("TY5204", Assert.Throws<TorchyardException>(() => Read(question)).Code);
        }
        else
        {
            Assert.Equal(architecture, Read(question).Architecture);
        }
    }

    private static FitTarget Read(FitQuestion question) =>
        Assert.Single(question.Read(new MachineGpus(null, null, [], []), "here", "x86_64", null, Tables).Targets);
}

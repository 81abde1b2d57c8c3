using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Machine.Libraries;
using Torchyard.Reports.Doctor;
using Torchyard.Reports.Doctor.Checks;
using Torchyard.Testing.Gpus;

namespace Torchyard.Reports.Tests.Doctor;

public sealed class DeviceNodeCheckTests
{
    private static readonly RecordedMachine Machine = RecordedMachine.H200;

    [Fact]
    public void A_node_that_the_drivers_library_made_while_it_was_asked_is_a_finding()
    {
        var finding = Assert.Single(new DeviceNodeCheck().Run(View(["/dev/nvidia-uvm"])), f =>
            f.Id.StartsWith("nodes.", StringComparison.Ordinal)
        );
        Assert.Equal(("nodes.missing", CheckState.Warn), (finding.Id, finding.State));
        Assert.Contains("/dev/nvidia-uvm did not exist", finding.Text, StringComparison.Ordinal);
        Assert.Contains("nvidia-modprobe -u", finding.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_that_were_there_before_are_complete() =>
        Assert.Equal("nodes.complete", Assert.Single(new DeviceNodeCheck().Run(View([]))).Id);

    [Fact]
    public void The_driver_needs_its_control_node_and_one_a_GPU()
    {
        Assert.Equal(["/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia0"], ExpectedNodes.Of(Machine.Files).Select(node => node.Path));
        Assert.Empty(ExpectedNodes.Missing(Machine.Files));
    }

    [Fact]
    public void Nothing_is_missing_where_no_driver_is_loaded()
    {
        using var empty = new TemporaryDirectory();
        Assert.Empty(ExpectedNodes.Missing(new MachineFiles(empty.Path)));
    }

    private static MachineView View(string[] missing) =>
        new()
        {
            Files = Machine.Files,
            Gpus = Machine.Gpus,
            Libraries = new LibrarySearch(Machine.Files, _ => null),
            Environment = _ => null,
            Uid = 0,
            Gids = [0],
            MissingAtFirst = missing.ToHashSet(),
        };
}

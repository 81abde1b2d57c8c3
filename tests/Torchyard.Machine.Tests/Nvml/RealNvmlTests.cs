using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Machine.Libraries;
using Torchyard.Machine.Nvml;
using Torchyard.Testing.Gpus;

namespace Torchyard.Machine.Tests.Nvml;

/// <summary>The vendor's own NVML on a machine without a GPU: found, loaded, called, and its errors understood.</summary>
public sealed class RealNvmlTests : IDisposable
{
    private readonly ControlNode _node = new();

    public void Dispose() => _node.Dispose();

    [Fact]
    public void Nvml_without_a_module_says_that_the_driver_is_not_loaded()
    {
        Assert.SkipWhen(ControlNode.HasDriver, "this machine has a driver");
        var nvml = NvmlLibrary.TryLoad(NvidiaPackages.Library("nvidia/current/libnvidia-ml.so.1"));
        Assert.NotNull(nvml);
        var snapshot = NvmlReader.Read(nvml);
        Assert.Equal(NvmlReturn.DriverNotLoaded, snapshot.Status);
        Assert.Empty(snapshot.Gpus);
        Assert.Equal(NvmlReturn.FunctionNotFound, nvml.System("nvmlOfTheFuture", out int _));
    }

    [Fact]
    public void The_distribution_layout_is_searched()
    {
        var library = NvidiaPackages.Library("nvidia/current/libcuda.so.1");
        var root = library[..library.IndexOf("/usr/lib/", StringComparison.Ordinal)];
        Assert.SkipWhen(root.Length == 0, "installed into the system itself");
        var found = new LibrarySearch(new MachineFiles(root), _ => null).Find("libcuda.so.1").ToList();
        Assert.Equal("distribution", found[0].Place);
        Assert.Equal("/usr/lib/x86_64-linux-gnu/nvidia/current/libcuda.so.550.163.01", found[0].Target);
    }

    [Fact]
    public void Text_that_is_no_library_is_not_loaded()
    {
        using var work = new TemporaryDirectory();
        Assert.Null(NvmlLibrary.TryLoad(work.Write("libnvidia-ml.so.1", "no ELF")));
    }
}

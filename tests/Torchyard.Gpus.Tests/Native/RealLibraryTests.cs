using Torchyard.Gpus.Compute;
using Torchyard.Gpus.Machine;
using Torchyard.Gpus.Native;
using Torchyard.Gpus.Native.CublasLt;
using Torchyard.Gpus.Native.Cuda;
using Torchyard.Gpus.Native.Nccl;
using Torchyard.Gpus.Native.Nvml;

namespace Torchyard.Gpus.Tests.Native;

/// <summary>The vendor's own libraries on a machine without a GPU: found, loaded, called, and their errors understood.</summary>
public sealed class RealLibraryTests : IDisposable
{
    private const string ControlNode = "/dev/nvidiactl";

    private readonly bool _hadNode = File.Exists(ControlNode);

    /// <summary>As root, NVIDIA's libraries make the control node even where no module is loaded; other tests take it for a driver's.</summary>
    public void Dispose()
    {
        if (!_hadNode && !HasGpu)
            File.Delete(ControlNode);
    }

    private static bool HasGpu => File.Exists("/proc/driver/nvidia/version");

    [Fact]
    public void Nvml_without_a_module_says_that_the_driver_is_not_loaded()
    {
        Assert.SkipWhen(HasGpu, "this machine has a driver");
        var nvml = NvmlLibrary.TryLoad(NvidiaPackages.Library("nvidia/current/libnvidia-ml.so.1"));
        Assert.NotNull(nvml);
        var snapshot = NvmlReader.Read(nvml);
        Assert.Equal(NvmlReturn.DriverNotLoaded, snapshot.Status);
        Assert.Empty(snapshot.Gpus);
        Assert.Equal(NvmlReturn.FunctionNotFound, nvml.System("nvmlOfTheFuture", out int _));
    }

    [Fact]
    public void The_driver_has_every_function_and_finds_no_device()
    {
        Assert.SkipWhen(HasGpu, "this machine has a driver");
        var driver = CudaDriver.TryLoad(NvidiaPackages.Library("nvidia/current/libcuda.so.1"), out var problem);
        Assert.True(driver is not null, problem);
        Assert.Equal(CudaResult.NoDevice, driver.Initialize());
        Assert.Equal(12040, driver.DriverVersion());
        Assert.Equal("CUDA_ERROR_NO_DEVICE", driver.ErrorName(CudaResult.NoDevice));
    }

    [Fact]
    public void CublasLt_has_every_function_and_its_version()
    {
        var library = CublasLtLibrary.TryLoad(NvidiaPackages.Library("libcublasLt.so.12"), out var problem);
        Assert.True(library is not null, problem);
        Assert.Equal(120405, library.Version());
        var description = library.CreateDescription(CublasComputeType.Float32FastTf32, CudaDataType.Float32);
        library.Set(description, MatmulAttribute.TransposeA, 1);
        library.DestroyDescription(description);
    }

    [Fact]
    public void Nccl_has_every_function_and_its_version()
    {
        var library = NcclLibrary.TryLoad(NvidiaPackages.Library("libnccl.so.2"), out var problem);
        Assert.SkipWhen(problem.Contains("GLIBC_", StringComparison.Ordinal), problem);
        Assert.True(library is not null, problem);
        Assert.Equal("2.22.3", library.Version());
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
    public void Text_that_is_no_library_is_a_problem_not_a_crash()
    {
        using var work = new TemporaryDirectory();
        var file = work.File("libcuda.so.1");
        File.WriteAllText(file, "no ELF");
        Assert.Null(CudaDriver.TryLoad(file, out var problem));
        Assert.Contains(file, problem, StringComparison.Ordinal);
        Assert.Null(NvmlLibrary.TryLoad(file));
    }

    [Fact]
    public void The_kernels_are_plain_ascii_for_the_oldest_target()
    {
        var ptx = EmbeddedText.Read("Kernels.ptx");
        Assert.Contains(".target sm_50", ptx, StringComparison.Ordinal);
        Assert.All(ptx, c => Assert.True(char.IsAscii(c), $"'{c}' is not ASCII"));
    }
}

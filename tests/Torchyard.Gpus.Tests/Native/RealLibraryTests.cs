using Torchyard.Gpus.Compute;
using Torchyard.Gpus.CublasLt;
using Torchyard.Gpus.Cuda;
using Torchyard.Gpus.Nccl;
using Torchyard.Platform.Text;
using Torchyard.Testing.Gpus;

namespace Torchyard.Gpus.Tests.Native;

/// <summary>The vendor's own libraries on a machine without a GPU: found, loaded, called, and their errors understood.</summary>
public sealed class RealLibraryTests : IDisposable
{
    private readonly ControlNode _node = new();

    public void Dispose() => _node.Dispose();

    [Fact]
    public void The_driver_has_every_function_and_finds_no_device()
    {
        Assert.SkipWhen(ControlNode.HasDriver, "this machine has a driver");
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
    public void Text_that_is_no_library_is_a_problem_not_a_crash()
    {
        using var work = new TemporaryDirectory();
        var file = work.File("libcuda.so.1");
        File.WriteAllText(file, "no ELF");
        Assert.Null(CudaDriver.TryLoad(file, out var problem));
        Assert.Contains(file, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_kernels_are_plain_ascii_for_the_oldest_target()
    {
        var ptx = EmbeddedText.Read(typeof(GpuContext), "Kernels.ptx");
        Assert.Contains(".target sm_50", ptx, StringComparison.Ordinal);
        Assert.All(ptx, c => Assert.True(char.IsAscii(c), $"'{c}' is not ASCII"));
    }
}

using Torchyard.Reports.Tune;

namespace Torchyard.Reports.Tests.Tune;

public sealed class InheritedVariablesTests
{
    private static readonly Dictionary<string, string> Machine = new()
    {
        ["NCCL_NVLS_ENABLE"] = "0",
        ["TORCH_SYMM_MEM_DISABLE_MULTICAST"] = "1",
        ["NVSHMEM_DISABLE_NVLS"] = "1",
        ["NCCL_TOPO_FILE"] = "/opt/site/topology.xml",
        ["CUDA_VISIBLE_DEVICES"] = "2,3",
        ["LD_LIBRARY_PATH"] = "/opt/site/lib",
        ["OMP_NUM_THREADS"] = "",
        ["PATH"] = "/usr/bin",
    };

    [Fact]
    public void What_the_machine_has_set_for_nccl_and_pytorch_is_passed_on_unchanged()
    {
        var passed = InheritedVariables.Of(Machine.Keys, Machine.GetValueOrDefault, out var left);
        Assert.Equal(["NCCL_NVLS_ENABLE=0", "NVSHMEM_DISABLE_NVLS=1", "OMP_NUM_THREADS=", "TORCH_SYMM_MEM_DISABLE_MULTICAST=1"], passed);
        Assert.Equal(["NCCL_TOPO_FILE"], left);
    }
}

namespace Torchyard.Gpus.Doctor.Checks;

/// <summary>InfiniBand and RDMA: ports up at their rate, device nodes open, memory may be locked, GPUs reachable by the cards.</summary>
internal sealed class NetworkCheck : IMachineCheck
{
    public IEnumerable<Finding> Run(MachineView machine)
    {
        var cards = machine.Files.List("/sys/class/infiniband");
        if (cards.Length == 0)
        {
            yield return new Finding("network.rdma", "network", CheckState.Ok, "no InfiniBand or RoCE card: NCCL between machines takes TCP");
            yield break;
        }

        foreach (var card in cards)
        {
            foreach (var port in machine.Files.List($"/sys/class/infiniband/{card}/ports"))
            {
                var path = $"/sys/class/infiniband/{card}/ports/{port}";
                var state = machine.Files.ReadText($"{path}/state") ?? "unknown";
                var rate = machine.Files.ReadText($"{path}/rate") ?? "unknown rate";
                yield return state.Contains("ACTIVE", StringComparison.Ordinal)
                    ? new Finding("network.port", "network", CheckState.Ok, $"{card} port {port}: active, {rate}")
                    : new Finding("network.port", "network", CheckState.Warn, $"{card} port {port}: {state}", "NCCL does not use it, or waits for it", "check cable and subnet manager (ibstat); leave the card out with NCCL_IB_HCA");
            }
        }

        var nodes = machine.Files.List("/dev/infiniband").Where(n => n.StartsWith("uverbs", StringComparison.Ordinal)).ToList();
        if (nodes.Count == 0)
            yield return new Finding("network.verbs", "network", CheckState.Fail, "/dev/infiniband/uverbs* do not exist", "NCCL falls back to TCP in silence", "modprobe ib_uverbs rdma_ucm; in a container the nodes must be passed in");
        if (machine.HasGpuHardware && !machine.Files.Exists("/sys/module/nvidia_peermem") && !machine.Files.Exists("/sys/module/nv_peer_mem"))
            yield return new Finding("network.gpudirect", "network", CheckState.Warn, "nvidia_peermem is not loaded", "without it (or DMA-BUF, Linux 5.12 with the open kernel module) data goes through host memory", "modprobe nvidia_peermem");
        if (ProcessLimits.Soft(machine.Files, "Max locked memory") is { } locked && locked < 1L << 30)
            yield return new Finding("network.memlock", "network", CheckState.Fail, $"only {locked >> 10} KiB of memory may be locked", "ibv_reg_mr fails: NCCL reports 'Cannot allocate memory'", "ulimit -l unlimited: LimitMEMLOCK=infinity in the service, or /etc/security/limits.d");
    }
}

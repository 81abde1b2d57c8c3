namespace Torchyard.Reports.Doctor.Checks;

/// <summary>InfiniBand and RDMA: ports up at their rate, device nodes open, memory may be locked, GPUs reachable by the cards.</summary>
internal sealed class NetworkCheck : IMachineCheck
{
    public IEnumerable<Finding> Run(MachineView machine)
    {
        var cards = machine.Files.List("/sys/class/infiniband");
        if (cards.Length == 0)
        {
            yield return new Finding
            {
                Id = "network.rdma",
                Area = "network",
                State = CheckState.Ok,
                Text = "no InfiniBand or RoCE card: NCCL between machines takes TCP",
            };
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
                    ? new Finding
                    {
                        Id = "network.port",
                        Area = "network",
                        State = CheckState.Ok,
                        Text = $"{card} port {port}: active, {rate}",
                    }
                    : new Finding
                    {
                        Id = "network.port",
                        Area = "network",
                        State = CheckState.Warn,
                        Text = $"{card} port {port}: {state}",
                        Why = "NCCL does not use it, or waits for it",
                        Cure = "check cable and subnet manager (ibstat); leave the card out with NCCL_IB_HCA",
                    };
            }
        }

        var nodes = machine.Files.List("/dev/infiniband").Where(n => n.StartsWith("uverbs", StringComparison.Ordinal)).ToList();
        if (nodes.Count == 0)
        {
            yield return new Finding
            {
                Id = "network.verbs",
                Area = "network",
                State = CheckState.Fail,
                Text = "/dev/infiniband/uverbs* do not exist",
                Why = "NCCL falls back to TCP in silence",
                Cure = "modprobe ib_uverbs rdma_ucm; in a container the nodes must be passed in",
            };
        }

        if (
            machine.HasGpuHardware
            && !machine.Files.Exists("/sys/module/nvidia_peermem")
            && !machine.Files.Exists("/sys/module/nv_peer_mem")
        )
        {
            yield return new Finding
            {
                Id = "network.gpudirect",
                Area = "network",
                State = CheckState.Warn,
                Text = "nvidia_peermem is not loaded",
                Why = "without it (or DMA-BUF, Linux 5.12 with the open kernel module) data goes through host memory",
                Cure = "modprobe nvidia_peermem",
            };
        }

        if (ProcessLimits.Soft(machine.Files, "Max locked memory") is { } locked && locked < 1L << 30)
        {
            yield return new Finding
            {
                Id = "network.memlock",
                Area = "network",
                State = CheckState.Fail,
                Text = $"only {locked >> 10} KiB of memory may be locked",
                Why = "ibv_reg_mr fails: NCCL reports 'Cannot allocate memory'",
                Cure = "ulimit -l unlimited: LimitMEMLOCK=infinity in the service, or /etc/security/limits.d",
            };
        }
    }
}

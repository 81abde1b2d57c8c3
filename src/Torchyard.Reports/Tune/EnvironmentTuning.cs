using System.Globalization;
using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Platform.Text;

namespace Torchyard.Reports.Tune;

/// <summary>
/// Settings of PyTorch and NCCL that follow from the machine. Each has its reason; a variable that is set already is reported and
/// never changed, whatever its value.
/// </summary>
internal static class EnvironmentTuning
{
    private static readonly string[] VirtualPrefixes =
    [
        "lo",
        "docker",
        "veth",
        "virbr",
        "br-",
        "cni",
        "flannel",
        "cali",
        "podman",
        "tap",
        "tun",
        "lxc",
    ];

    /// <summary>NCCL variables that a machine or user sets for a reason of their own.</summary>
    private static readonly string[] Kept =
    [
        "NCCL_NVLS_ENABLE",
        "NCCL_P2P_DISABLE",
        "NCCL_SHM_DISABLE",
        "NCCL_NET_GDR_LEVEL",
        "NCCL_ALGO",
        "NCCL_PROTO",
    ];

    /// <summary>The settings.</summary>
    /// <param name="files">The machine.</param>
    /// <param name="gpus">What NVML said.</param>
    /// <param name="environment">Variables that are set already.</param>
    /// <param name="processors">CPUs that the container may use.</param>
    /// <param name="chosen">GPUs that the container gets.</param>
    public static IReadOnlyList<TuneSetting> For(
        MachineFiles files,
        GpuSnapshot gpus,
        Func<string, string?> environment,
        int processors,
        int chosen
    )
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(gpus);
        ArgumentNullException.ThrowIfNull(environment);
        var settings = new List<TuneSetting>();
        void Add(string name, string value, string reason) =>
            settings.Add(
                environment(name) is { } present
                    ? new TuneSetting(name, present, "set already; it stays", present)
                    : new TuneSetting(name, value, reason)
            );

        var threads = Math.Max(1, processors / Math.Max(1, chosen));
        Add(
            "OMP_NUM_THREADS",
            threads.ToString(CultureInfo.InvariantCulture),
            $"{Count.Of(processors, "CPU")} for {Count.Of(Math.Max(1, chosen), "process")}: more threads than CPUs wait for each other"
        );
        if (chosen > 0)
        {
            // PyTorch 2.9 renamed it; the old name is read by all versions that have the setting.
            Add(
                "PYTORCH_CUDA_ALLOC_CONF",
                "expandable_segments:True",
                "grows segments in place of making new ones: less memory lost to fragments when sizes vary"
            );
            Add("CUDA_DEVICE_ORDER", "PCI_BUS_ID", "GPUs count as in nvidia-smi; the default puts the fastest first");
            if (gpus.Gpus.Any(g => g.ComputeCapability is { } capability && string.CompareOrdinal(capability, "8.0") >= 0))
            {
                Add(
                    TrainingTuning.Tf32,
                    "1",
                    "FP32 products on tensor cores (TF32): several times faster, about three "
                        + "decimal digits; unset it where FP32 must be exact"
                );
            }
        }

        if (chosen > 1)
        {
            Add("TORCH_NCCL_ASYNC_ERROR_HANDLING", "1", "a rank that fails ends the job in place of leaving the others waiting");
        }

        Network(files, environment, Add);
        settings.AddRange(
            Kept.Where(k => environment(k) is not null)
                .Select(k => new TuneSetting(k, environment(k)!, "set already; it stays", environment(k)))
        );
        return settings;
    }

    private static void Network(MachineFiles files, Func<string, string?> environment, Action<string, string, string> add)
    {
        var cards = files.List("/sys/class/infiniband").Where(c => IsActive(files, c)).ToList();
        if (cards.Count > 0)
        {
            add("NCCL_IB_HCA", string.Join(',', cards), "InfiniBand or RoCE ports that are up; NCCL stops at one that is down");
            if (files.IsDirectory("/sys/module/nvidia_peermem"))
            {
                add(
                    "NCCL_NET_GDR_LEVEL",
                    "PHB",
                    "nvidia_peermem is loaded: the card reads GPU memory behind the same host bridge directly"
                );
            }
        }
        else if (environment("NCCL_IB_HCA") is null)
        {
            add("NCCL_IB_DISABLE", "1", "there is no InfiniBand or RoCE port: NCCL need not look for one");
        }

        var interfaces = files
            .List("/sys/class/net")
            .Where(n => !VirtualPrefixes.Any(p => n.StartsWith(p, StringComparison.Ordinal)))
            .Where(n => files.ReadText($"/sys/class/net/{n}/operstate") == "up")
            .ToList();
        if (interfaces.Count > 0)
        {
            add(
                "NCCL_SOCKET_IFNAME",
                "=" + string.Join(',', interfaces),
                "interfaces to other machines; NCCL may otherwise pick a bridge of a container engine and wait for ever"
            );
            add("GLOO_SOCKET_IFNAME", interfaces[0], "the same for Gloo, which takes one");
        }
    }

    private static bool IsActive(MachineFiles files, string card) =>
        files
            .List($"/sys/class/infiniband/{card}/ports")
            .Any(p =>
                files.ReadText($"/sys/class/infiniband/{card}/ports/{p}/state")?.Contains("ACTIVE", StringComparison.Ordinal) == true
            );
}

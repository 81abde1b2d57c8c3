using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Gpus;

/// <summary>
/// The device nodes of a choice of GPUs. Numbers are read from the nodes of this boot: UVM's and the capabilities' majors are dynamic,
/// and the minor of a GPU is not its NVML index.
/// </summary>
internal static class GpuDevices
{
    /// <summary>Nodes that any use of CUDA needs.</summary>
    private static readonly string[] Required = ["/dev/nvidiactl", "/dev/nvidia-uvm"];

    /// <summary>Nodes that not every machine has.</summary>
    private static readonly string[] Optional = ["/dev/nvidia-uvm-tools"];

    /// <summary>Nodes of the choice; none of GPUs that were not chosen.</summary>
    /// <exception cref="TorchyardException">TY5010: a node does not exist.</exception>
    public static IReadOnlyList<EditedDevice> For(MachineFiles files, IReadOnlyList<ChosenGpu> chosen)
    {
        var devices = Required.Select(p => Need(files, p, null)).ToList();
        devices.AddRange(Optional.Select(files.Device).OfType<DeviceNode>().Where(node => node.IsCharacter).Select(Edit));
        foreach (var gpu in chosen)
        {
            devices.Add(Need(files, $"/dev/nvidia{gpu.Minor}", gpu.Name));
            if (gpu.Mig is not { } mig)
            {
                continue;
            }

            var capabilities = MigCapabilities.Minors(files, gpu.Minor, mig);
            if (capabilities.Count != 2)
            {
                throw new TorchyardException(
                    "TY5010",
                    $"/proc/driver/nvidia-caps/mig-minors does not name the capabilities of {mig.Uuid}",
                    "nvidia-smi mig -lci shows whether the compute instance still exists; torchyard doctor checks the nodes"
                );
            }

            devices.AddRange(capabilities.Select(c => Need(files, $"/dev/nvidia-caps/nvidia-cap{c}", mig.Uuid)));
        }

        // InfiniBand for NCCL between machines: only what an ordinary user may open.
        foreach (var name in files.List("/dev/infiniband").Where(n => n == "rdma_cm" || n.StartsWith("uverbs", StringComparison.Ordinal)))
        {
            if (
                files.List("/sys/class/infiniband").Length > 0
                && files.Device("/dev/infiniband/" + name) is { IsCharacter: true } node
                && (node.Mode & FileModes.OthersReadWrite) == FileModes.OthersReadWrite
            )
            {
                devices.Add(Edit(node));
            }
        }

        if (files.Device("/dev/gdrdrv") is { IsCharacter: true } gdr)
        {
            devices.Add(Edit(gdr));
        }

        return [.. devices.DistinctBy(d => d.Path)];
    }

    /// <summary>Groups of nodes that are open to their group only.</summary>
    public static IReadOnlyList<uint> Groups(MachineFiles files, IEnumerable<EditedDevice> devices) =>
        [
            .. devices
                .Select(d => files.Device(d.HostPath))
                .OfType<DeviceNode>()
                .Where(n =>
                    n.Gid != 0
                    && (n.Mode & FileModes.OthersReadWrite) != FileModes.OthersReadWrite
                    && (n.Mode & FileModes.GroupReadWrite) == FileModes.GroupReadWrite
                )
                .Select(n => (uint)n.Gid)
                .Distinct()
                .Order(),
        ];

    private static EditedDevice Need(MachineFiles files, string path, string? of) =>
        files.Device(path) is { IsCharacter: true } node
            ? Edit(node)
            : throw new TorchyardException(
                "TY5010",
                of is null ? $"{path} does not exist" : $"{path} of {of} does not exist",
                path.EndsWith("uvm", StringComparison.Ordinal)
                    ? "nvidia-modprobe -u -c=0 (as root) loads the module and makes the node"
                    : "nvidia-smi (as root) makes the nodes; torchyard doctor checks them all"
            );

    private static EditedDevice Edit(DeviceNode node) => new(node.Path, node.Path, node.Major, node.Minor);
}

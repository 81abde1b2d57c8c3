using Torchyard.Machine.Files;

namespace Torchyard.Machine.Gpus;

/// <summary>
/// Which <c>/dev/nvidia-caps/nvidia-capN</c> a MIG device needs: <c>/proc/driver/nvidia-caps/mig-minors</c> has a key and a minor
/// a line, e.g. <c>gpu0/gi1/access 12</c> and <c>gpu0/gi1/ci0/access 13</c>.
/// </summary>
internal static class MigCapabilities
{
    public static IReadOnlyList<int> Minors(MachineFiles files, int gpuMinor, MigDevice device)
    {
        string[] keys =
        [
            $"gpu{gpuMinor}/gi{device.GpuInstance}/access",
            $"gpu{gpuMinor}/gi{device.GpuInstance}/ci{device.ComputeInstance}/access",
        ];
        var minors = new List<int>();
        foreach (var line in files.ReadLines("/proc/driver/nvidia-caps/mig-minors"))
        {
            if (
                line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var key, var minor]
                && keys.Contains(key)
                && int.TryParse(minor, out var number)
            )
            {
                minors.Add(number);
            }
        }

        return minors;
    }
}

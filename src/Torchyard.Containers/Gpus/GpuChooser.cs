using System.Globalization;
using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Gpus;

/// <summary>Who holds a GPU.</summary>
/// <param name="Uuid"><c>GPU-…</c> or <c>MIG-…</c>.</param>
/// <param name="Holder">For people, e.g. <c>container trainer-1</c>.</param>
public sealed record GpuHolder(string Uuid, string Holder);

/// <summary>Turns a selection into GPUs of this machine.</summary>
internal static class GpuChooser
{
    /// <summary>The GPUs.</summary>
    /// <param name="gpus">What NVML said.</param>
    /// <param name="files">The machine.</param>
    /// <param name="selection">What the user asked for.</param>
    /// <param name="visible"><c>CUDA_VISIBLE_DEVICES</c> of the caller, e.g. set by Slurm; null where it is unset.</param>
    /// <param name="held">Who holds which GPU; used for a number of GPUs only, since a user who names a GPU wants that one.</param>
    /// <exception cref="TorchyardException">TY5012: no such GPU; TY5013: not enough free ones; TY5014: the driver does not
    /// answer.</exception>
    public static IReadOnlyList<ChosenGpu> Choose(
        GpuSnapshot gpus,
        MachineFiles files,
        GpuSelection selection,
        string? visible,
        IReadOnlyList<GpuHolder> held
    )
    {
        if (selection.Kind == GpuSelectionKind.None)
        {
            return [];
        }

        var all = Everything(gpus, files);
        if (all.Count == 0)
        {
            throw new TorchyardException(
                "TY5014",
                $"no GPU can be used on this machine (NVML: {gpus.Status})",
                "torchyard doctor says why; --gpus none starts without"
            );
        }

        var allowed = visible is null ? all : Visible(all, visible);
        return selection.Kind switch
        {
            GpuSelectionKind.All when allowed.Count > 0 => allowed,
            GpuSelectionKind.Named => [.. selection.Names.Select(n => Find(all, allowed, n, visible))],
            GpuSelectionKind.Count => Free(allowed, selection.Count, gpus, held),
            GpuSelectionKind.AllFree when allowed.Count > 0 => Free(allowed, null, gpus, held),
            _ => throw new TorchyardException(
                "TY5012",
                $"CUDA_VISIBLE_DEVICES is '{visible}': this job has no GPU of this machine",
                "ask Slurm for GPUs (--gres=gpu:N), unset CUDA_VISIBLE_DEVICES, or start with --gpus none"
            ),
        };
    }

    /// <summary>Whole GPUs, and MIG devices in place of those that are cut up.</summary>
    public static IReadOnlyList<ChosenGpu> Everything(GpuSnapshot gpus, MachineFiles files)
    {
        var minors = KernelModule.Minors(files);
        var result = new List<ChosenGpu>();
        foreach (var gpu in gpus.Gpus.Where(g => g is { Uuid: not null }))
        {
            var minor = gpu.Minor ?? (gpu.PciAddress is { } address && minors.TryGetValue(address, out var known) ? known : gpu.Index);
            if (gpu.MigEnabled == true)
            {
                result.AddRange(
                    gpu.MigDevices.Select(m => new ChosenGpu
                    {
                        Index = gpu.Index,
                        Minor = minor,
                        Uuid = m.Uuid,
                        Mig = m,
                        Model = gpu.Name,
                    })
                );
            }
            else
            {
                result.Add(
                    new ChosenGpu
                    {
                        Index = gpu.Index,
                        Minor = minor,
                        Uuid = gpu.Uuid!,
                        Model = gpu.Name,
                    }
                );
            }
        }

        return result;
    }

    /// <summary>
    /// CUDA_VISIBLE_DEVICES: names up to the first that does not exist, as CUDA reads it (CUDA C++ Programming Guide, "CUDA Environment
    /// Variables").
    /// </summary>
    private static List<ChosenGpu> Visible(IReadOnlyList<ChosenGpu> all, string visible)
    {
        var result = new List<ChosenGpu>();
        foreach (var name in visible.Split(',').Select(n => n.Trim()))
        {
            if (all.FirstOrDefault(g => Matches(g, name)) is not { } gpu)
            {
                break;
            }
            // One index names all MIG devices of a GPU that is cut up: Slurm counts GPUs.
            result.AddRange(name.All(char.IsAsciiDigit) ? all.Where(g => Matches(g, name)) : [gpu]);
        }

        return result;
    }

    private static ChosenGpu Find(IReadOnlyList<ChosenGpu> all, IReadOnlyList<ChosenGpu> allowed, string name, string? visible)
    {
        var matching = allowed.Where(g => Matches(g, name)).ToList();
        if (matching.Count == 1)
        {
            return matching[0];
        }

        var known = string.Join(", ", allowed.Select(g => $"{g.Name} ({g.Uuid})"));
        if (matching.Count > 1)
        {
            throw new TorchyardException(
                "TY5012",
                $"--gpus {name} fits {string.Join(" and ", matching.Select(m => m.Uuid))}",
                "name one of them by its UUID"
            )
            {
                IsUsage = true,
            };
        }

        var hidden = all.Any(g => Matches(g, name));
        throw new TorchyardException(
            "TY5012",
            hidden ? $"GPU {name} is not among those of this job (CUDA_VISIBLE_DEVICES={visible})" : $"this machine has no GPU {name}",
            known.Length == 0 ? "there is no GPU left to choose" : $"there are: {known}"
        )
        {
            IsUsage = true,
        };
    }

    /// <param name="allowed">Those to choose from.</param>
    /// <param name="count">How many; null for all that are free, at least one.</param>
    /// <param name="gpus">What NVML said.</param>
    /// <param name="held">Who holds which GPU.</param>
    private static IReadOnlyList<ChosenGpu> Free(
        IReadOnlyList<ChosenGpu> allowed,
        int? count,
        GpuSnapshot gpus,
        IReadOnlyList<GpuHolder> held
    )
    {
        var free = new List<ChosenGpu>();
        var busy = new List<string>();
        foreach (var gpu in allowed)
        {
            var state = gpus.Gpus.First(g => g.Index == gpu.Index);
            if (held.FirstOrDefault(h => h.Uuid == gpu.Uuid) is { } holder)
            {
                busy.Add($"{gpu.Name}: {holder.Holder}");
            }
            else if (gpu.Mig is null && state.Processes is { Count: > 0 } processes)
            {
                busy.Add($"{gpu.Name}: process {string.Join(", ", processes.Select(p => p.Pid.ToString(CultureInfo.InvariantCulture)))}");
            }
            else
            {
                free.Add(gpu);
            }
        }

        if (free.Count >= (count ?? 1))
        {
            return [.. free.Take(count ?? free.Count)];
        }

        if (count is null)
        {
            throw new TorchyardException(
                GpuCodes.TooFewFree,
                $"none of {Count.Of(allowed.Count, "GPU")} is free: {string.Join("; ", busy)}",
                "stop what has them, or --wait; --gpus all shares them, --gpus none starts without"
            );
        }

        throw new TorchyardException(
            GpuCodes.TooFewFree,
            $"{Count.Of(count.Value, "GPU")} {Count.Word(count.Value, "was", "were")} asked for and {free.Count} of {allowed.Count} are "
                + $"free{(busy.Count > 0 ? ": " + string.Join("; ", busy) : "")}",
            allowed.Count >= count
                ? "--wait waits until they are free; or name GPUs to share them: --gpus device=0"
                : $"ask for at most {allowed.Count}"
        );
    }

    private static bool Matches(ChosenGpu gpu, string name)
    {
        if (name.Split(':') is [var index, var mig])
        {
            return gpu.Mig is not null && Is(index, gpu.Index) && Is(mig, gpu.Mig.Index);
        }

        if (name.Length > 0 && name.All(char.IsAsciiDigit))
        {
            return Is(name, gpu.Index);
        }
        // A start of a UUID is enough, as it is for CUDA.
        return name.Length > 4 && gpu.Uuid.StartsWith(name, StringComparison.OrdinalIgnoreCase);
    }

    private static bool Is(string text, int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value == number;
}

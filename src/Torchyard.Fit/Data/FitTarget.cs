using Torchyard.Platform.Text;

namespace Torchyard.Fit.Data;

/// <summary>A GPU that a stack must run on.</summary>
/// <param name="Name">Name for people, e.g. <c>H100</c>.</param>
/// <param name="Capability">Compute capability, e.g. <c>9.0</c>.</param>
/// <param name="Class">Product line.</param>
/// <param name="Brand">NVML's product brand as <c>NVIDIA_REQUIRE_*</c> expressions spell it, e.g. <c>tesla</c>.</param>
public sealed record TargetGpu(string Name, DottedVersion Capability, GpuClass Class, string Brand = "unknown")
{
    /// <summary>The only architecture of the machines that have it; null when there are several.</summary>
    public string? Host { get; init; }
}

/// <summary>One kind of machine that a stack must run on.</summary>
public sealed record FitTarget
{
    /// <summary>Name for people: the host name, or the name in the fleet file.</summary>
    public required string Name { get; init; }

    /// <summary>Names of the other machines that are like it.</summary>
    public IReadOnlyList<string> Alike { get; init; } = [];

    /// <summary>The different GPUs of the machine; empty for a machine without NVIDIA GPUs.</summary>
    public IReadOnlyList<TargetGpu> Gpus { get; init; } = [];

    /// <summary>NVIDIA kernel driver; null when none is installed or it is not known.</summary>
    public DottedVersion? Driver { get; init; }

    /// <summary>Machine architecture as in wheel tags: <c>x86_64</c> or <c>aarch64</c>.</summary>
    public string Architecture { get; init; } = "x86_64";

    /// <summary>The machines of this kind, for people: <c>node-1 and 99 others like it</c>.</summary>
    public string Title =>
        Alike.Count switch
        {
            0 => Name,
            1 => $"{Name} and {Alike[0]}",
            _ => $"{Name} and {Count.Of(Alike.Count, "other")} like it",
        };

    /// <summary>Machines with the same GPUs, driver and architecture as one, in the order in which the first of each came.</summary>
    public static IReadOnlyList<FitTarget> Kinds(IReadOnlyList<FitTarget> machines)
    {
        var kinds = new Dictionary<Kind, List<FitTarget>>();
        var order = new List<List<FitTarget>>();
        foreach (var machine in machines)
        {
            var kind = new Kind(
                string.Join('|', machine.Gpus.Select(gpu => gpu.ToString())),
                machine.Driver?.ToString(),
                machine.Architecture
            );
            if (!kinds.TryGetValue(kind, out var like))
            {
                kinds.Add(kind, like = []);
                order.Add(like);
            }

            like.Add(machine);
        }

        return
        [
            .. order.Select(like =>
                like.Count == 1
                    ? like[0]
                    : like[0] with
                    {
                        Alike = [.. like[0].Alike, .. like.Skip(1).SelectMany(machine => machine.Alike.Prepend(machine.Name))],
                    }
            ),
        ];
    }

    private sealed record Kind(string Gpus, string? Driver, string Architecture);
}

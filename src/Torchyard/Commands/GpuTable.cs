using System.Globalization;
using Torchyard.Flows.Gpus;
using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary>The GPUs of the machine and who has them, as <c>top</c> shows them.</summary>
internal static class GpuTable
{
    private static readonly Column[] Columns =
    [
        new("GPU", Whole: true),
        new("MODEL", Drop: 1),
        new("GPU %", Right: true),
        new("GPU MEMORY", Right: true),
        new("OF", Right: true, Drop: 2),
        new("USER", Whole: true),
        new("HELD BY", Whole: true),
        new("SINCE", Whole: true),
    ];

    /// <summary>Shows them, each holder on a line.</summary>
    public static void Show(IReadOnlyList<OccupiedGpu> gpus, DateTimeOffset now, Screen screen) =>
        screen.Table(Columns, [.. gpus.SelectMany(gpu => Lines(gpu, now))]);

    private static IEnumerable<IReadOnlyList<string>> Lines(OccupiedGpu gpu, DateTimeOffset now)
    {
        string[] first =
        [
            gpu.Name,
            gpu.Model ?? "-",
            gpu.UtilisationPercent?.ToString(CultureInfo.InvariantCulture) ?? "-",
            gpu.MemoryUsedBytes is { } used ? ByteSize.Binary(used) : "-",
            gpu.MemoryTotalBytes is { } total ? ByteSize.Binary(total) : "-",
        ];
        yield return [.. first, .. gpu.HeldBy.Count == 0 ? ["", "free", ""] : Holder(gpu.HeldBy[0], now)];
        foreach (var other in gpu.HeldBy.Skip(1))
        {
            yield return [.. Enumerable.Repeat("", first.Length), .. Holder(other, now)];
        }
    }

    private static string[] Holder(GpuHolding holding, DateTimeOffset now) =>
        [
            holding.User ?? "-",
            holding.Kind == HoldingKind.Environment
                ? (holding.Name ?? "an environment") + (IdleText(holding.IdleStop, now) is { } idle ? $" ({idle})" : "")
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"process {holding.ProcessId}{(holding.Name is { } name ? $" ({name})" : "")}"
                ),
            holding.Since is { } since ? Duration.Of(now - since) : "-",
        ];

    /// <summary>What is said of an environment that is about to give its GPUs back; null when it is not.</summary>
    public static string? IdleText(DateTimeOffset? stop, DateTimeOffset now) =>
        stop is { } moment && moment > now ? $"idle: stops in {Duration.Of(moment - now)}" : null;
}

using System.Globalization;
using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary>The tables of <c>top</c>: containers, then the GPUs of the machine.</summary>
internal static class TopTables
{
    /// <summary>Shows what is in an answer.</summary>
    public static void Show(TopAnswer answer, DateTimeOffset now, Screen screen)
    {
        ShowContainers(answer.Containers, screen);
        if (answer.Gpus.Count > 0)
        {
            screen.Line();
            GpuTable.Show(answer.Gpus, now, screen);
        }

        foreach (var stopped in answer.GivenBack)
        {
            screen.Line();
            screen.Line(
                $"{stopped.Name} was stopped {AgeText.Of(now - stopped.Stopped)} ago: {stopped.Why}; 'torchyard up' starts it again"
            );
        }
    }

    private static void ShowContainers(IReadOnlyList<TopRow> rows, Screen screen)
    {
        var withGpus = rows.Any(row => row.Gpus.Count > 0);
        screen.Table(
            [
                new("CONTAINER ID", Whole: true),
                new("NAME", Whole: true),
                new("CPU %", Right: true),
                new("MEMORY", Right: true),
                new("LIMIT", Right: true),
                new("MEMORY %", Right: true),
                new("PEAK", Right: true),
                new("PROCESSES", Right: true),
                .. withGpus ? GpuColumns : [],
            ],
            [.. rows.SelectMany(row => Lines(row, withGpus))]
        );
    }

    private static readonly Column[] GpuColumns =
    [
        new("GPU", Whole: true),
        new("GPU %", Right: true),
        new("GPU MEMORY", Right: true),
        new("OF", Right: true),
        new("W", Right: true),
        new("°C", Right: true),
    ];

    private static IEnumerable<IReadOnlyList<string>> Lines(TopRow row, bool withGpus)
    {
        string[] first =
        [
            row.Id[..12],
            row.Name,
            Text(row.CpuPercent, "0.0"),
            row.Memory is { } memory ? ByteSize.Binary(memory) : "-",
            ByteSize.Binary(row.MemoryLimit),
            Text(row.MemoryPercent, "0.0"),
            row.PeakMemory is { } peak ? ByteSize.Binary(peak) : "-",
            row.Processes?.ToString(CultureInfo.InvariantCulture) ?? "-",
        ];
        yield return withGpus ? [.. first, .. row.Gpus.Count > 0 ? Cells(row.Gpus[0]) : ["-", "-", "-", "-", "-", "-"]] : first;
        foreach (var gpu in row.Gpus.Skip(1))
        {
            yield return [.. Enumerable.Repeat("", first.Length), .. Cells(gpu)];
        }
    }

    private static string[] Cells(TopGpu gpu) =>
        [
            gpu.Name,
            gpu.UtilisationPercent?.ToString(CultureInfo.InvariantCulture) ?? "-",
            gpu.MemoryUsedBytes is { } used ? ByteSize.Binary(used) : "-",
            gpu.MemoryTotalBytes is { } total ? ByteSize.Binary(total) : "-",
            Text(gpu.PowerWatts, "0"),
            gpu.TemperatureCelsius?.ToString(CultureInfo.InvariantCulture) ?? "-",
        ];

    private static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}

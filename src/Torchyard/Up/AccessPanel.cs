using System.Globalization;
using Torchyard.Terminal;

namespace Torchyard.Up;

/// <summary>The panel that <c>up</c> ends with.</summary>
internal static class AccessPanel
{
    /// <summary>Shows how to get into an environment.</summary>
    public static void Show(EnvironmentReport report, Screen screen)
    {
        var rows = new List<PanelRow>();
        if (report.Jupyter is { } jupyter)
        {
            rows.Add(new PanelRow("Jupyter", jupyter));
        }

        if (report.Ssh is { } ssh)
        {
            rows.Add(new PanelRow("SSH", ssh));
            rows.Add(new PanelRow("", $"keys: {report.SshKeys}; short form: torchyard ssh"));
        }

        rows.Add(new PanelRow("Shell", $"torchyard exec -it {report.Name} bash"));
        rows.AddRange(report.Mounts.Select((mount, index) => new PanelRow(
            index == 0 ? "Kept" : "", $"{mount.Target}  is  {mount.Source}{(mount.ReadOnly ? " (read-only)" : "")}")));
        rows.Add(new PanelRow("Lost", "all else, such as /tmp, goes with the container"));
        rows.Add(new PanelRow("Limits", Limits(report)));
        rows.AddRange((report.Gpus.Count > 0 ? report.Gpus : ["none"]).Select((gpu, index) => new PanelRow(index == 0 ? "GPUs" : "", gpu)));
        rows.Add(new PanelRow("Logs", $"torchyard logs {report.Name}"));
        rows.Add(new PanelRow("Stop", "torchyard down"));
        screen.Panel($"{report.Name} is {(report.AlreadyRunning ? "running" : "ready")}", rows);
    }

    private static string Limits(EnvironmentReport report)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"memory {Size(report.Memory)}, {report.Cpus:0.##} CPUs, /dev/shm {Size(report.SharedMemory)}, {report.Processes} processes");
        return report.NotEnforced.Count == 0 ? text : $"{text}; not enforced here: {string.Join(", ", report.NotEnforced)}";
    }

    private static string Size(long bytes) => bytes >= 1L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.#} GiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0} MiB");
}

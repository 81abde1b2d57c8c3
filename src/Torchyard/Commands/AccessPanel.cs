using System.Globalization;
using Torchyard.Flows.Starting;
using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary>The panel that <c>up</c> ends with.</summary>
internal static class AccessPanel
{
    /// <summary>Shows how to get into an environment.</summary>
    public static void Show(EnvironmentReport report, Screen screen)
    {
        var rows = new List<PanelRow>();
        if (report.Jupyter is { } jupyter)
        {
            rows.Add(new PanelRow("Jupyter", jupyter, Copied: true));
        }

        if (report.SshLine is { } ssh)
        {
            rows.Add(new PanelRow("SSH", ssh, Copied: true));
            rows.Add(new PanelRow("", $"keys: {report.SshKeys}; short form: torchyard ssh"));
            if (report.SshHost is { } name && !report.SshKnown)
            {
                rows.Add(new PanelRow("", $"VS Code, scp, rsync: torchyard ssh --config --write, then {name}"));
            }
        }

        rows.AddRange(
            report
                .Services.Where(service => service.Name is not ("jupyter" or "ssh"))
                .Select(service => new PanelRow(service.Name, service.Url ?? service.Address, Copied: true))
        );
        rows.AddRange(
            report
                .Services.Where(service => service.WantedPort is not null)
                .Select((service, index) => new PanelRow(index == 0 ? "Moved" : "", $"{service.Text}"))
        );
        rows.AddRange(
            report.UnknownAddresses.Select(service => new PanelRow(service, "started by an earlier version: see torchyard up --recreate"))
        );
        rows.Add(new PanelRow("Shell", $"torchyard exec -it {report.Name} bash", Copied: true));
        rows.AddRange(
            report.Mounts.Select(
                (mount, index) =>
                    new PanelRow(index == 0 ? "Kept" : "", $"{mount.Target}  is  {mount.Source}{(mount.ReadOnly ? " (read-only)" : "")}")
            )
        );
        if (report.RecipeLines.Count > 0)
        {
            rows.Add(new PanelRow("Added", $"{Names(report.AddedPackages)}: by pip, not in the recipe. To write it there:"));
            rows.Add(new PanelRow("", "torchyard add --installed", Copied: true));
        }

        rows.AddRange(Changes(report, ChangeState.Applied, "Changed", []));
        rows.AddRange(Changes(report, ChangeState.Refused, "Refused", []));
        rows.AddRange(Changes(report, ChangeState.NeedsRecreate, "Waiting", ["the recipe changed; torchyard up --recreate brings:"]));
        rows.Add(new PanelRow("Lost", "all else, such as /tmp, goes with the container"));
        rows.Add(new PanelRow("Limits", Limits(report)));
        rows.AddRange((report.Gpus.Count > 0 ? report.Gpus : ["none"]).Select((gpu, index) => new PanelRow(index == 0 ? "GPUs" : "", gpu)));
        if (report.IdleRelease is { } idle)
        {
            rows.Add(new PanelRow("", $"given back after {idle} without use; torchyard up --idle-release off keeps them"));
        }

        rows.Add(new PanelRow("Logs", $"torchyard logs {report.Name}", Copied: true));
        rows.Add(new PanelRow("Stop", "torchyard down"));
        screen.Panel($"{report.Name} is {(report.AlreadyRunning ? "running" : "ready")}", rows);
    }

    private static IEnumerable<PanelRow> Changes(EnvironmentReport report, ChangeState state, string label, string[] before)
    {
        var lines = report.Changes.Where(change => change.State == state).Select(change => change.Text).ToList();
        return lines.Count == 0 ? [] : before.Concat(lines).Select((line, index) => new PanelRow(index == 0 ? label : "", line));
    }

    private static string Names(IReadOnlyList<AddedPackage> added)
    {
        const int Shown = 4;
        var names = added.OrderByDescending(package => package.Requested).Select(package => package.Name).ToList();
        return string.Join(", ", names.Take(Shown))
            + (names.Count > Shown ? string.Create(CultureInfo.InvariantCulture, $" and {names.Count - Shown} more") : "");
    }

    private static string Limits(EnvironmentReport report)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"memory {Size(report.Memory)}, {report.Cpus:0.##} {(report.Cpus == 1 ? "CPU" : "CPUs")}, /dev/shm "
                + $"{Size(report.SharedMemory)}, {Count.Of(report.Processes, "process")}"
        );
        return report.NotEnforced.Count == 0 ? text : $"{text}; not enforced here: {string.Join(", ", report.NotEnforced)}";
    }

    private static string Size(long bytes) =>
        bytes >= 1L << 30
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.#} GiB")
            : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0} MiB");
}

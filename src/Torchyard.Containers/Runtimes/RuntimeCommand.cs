using System.Diagnostics;
using Torchyard.Containers.Namespaces;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Runtimes;

/// <summary>Command lines of a runtime.</summary>
/// <param name="Runtime">The runtime.</param>
/// <param name="StateDirectory">Its <c>--root</c>: where it keeps what it knows about running containers.</param>
/// <param name="UseCgroups">False when the runtime must leave cgroups alone.</param>
/// <param name="Rootless">True inside a user namespace.</param>
internal sealed record RuntimeCommand(OciRuntime Runtime, string StateDirectory, bool UseCgroups, bool Rootless)
{
    /// <summary>A start of the runtime with the given verb and arguments; standard streams are inherited.</summary>
    /// <param name="log">File for the runtime's own messages, so that they do not mix with the program's, or null.</param>
    /// <param name="arguments">Verb and its arguments.</param>
    public ProcessStartInfo Start(string? log, params IEnumerable<string> arguments)
    {
        var start = HostProcess.Prepare(HostProgram.At(Runtime.Command[0]), "/", Runtime.Command.Skip(1));
        Add("--root", StateDirectory);
        if (log is not null)
        {
            // crun takes what is before a colon for a kind of log.
            Add("--log", Runtime.Kind == OciRuntimeKind.Crun ? "file:" + log : log);
            Add("--log-format", "json");
        }

        if (Runtime.Kind == OciRuntimeKind.Crun)
        {
            Add("--cgroup-manager", UseCgroups ? "cgroupfs" : "disabled");
        }
        else if (Rootless)
        {
            Add("--rootless", "true");
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;

        void Add(string option, string value)
        {
            start.ArgumentList.Add(option);
            start.ArgumentList.Add(value);
        }
    }

    /// <summary>How the machine's cgroups must be hidden from this runtime.</summary>
    public CgroupCover Cover(CgroupLayout layout) =>
        Runtime.Kind switch
        {
            OciRuntimeKind.Crun when layout.Mode == CgroupMode.Hybrid => Rootless ? CgroupCover.Tmpfs : CgroupCover.UnmountUnified,
            _ => CgroupCover.None,
        };
}

using System.Globalization;
using Torchyard.Containers.Requests;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Engines;

/// <summary>Another container engine.</summary>
public enum ContainerEngine
{
    /// <summary>podman.</summary>
    Podman,

    /// <summary>docker.</summary>
    Docker,
}

/// <summary>The <c>docker run</c> line that means the same as a request; podman takes the same options.</summary>
public static class EngineCommand
{
    /// <summary>Arguments after the program's name.</summary>
    /// <param name="request">The request.</param>
    /// <param name="image">The image as the engine knows it.</param>
    /// <param name="limits">Limits with the defaults filled in.</param>
    /// <param name="detach">Run in the background.</param>
    internal static IReadOnlyList<string> Arguments(RunRequest request, string image, EffectiveLimitsText limits, bool detach)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(limits);
        var line = new List<string> { "run" };
        Flag("--rm", request.Remove);
        Flag("--detach", detach);
        Flag("--interactive", request.Interactive);
        Flag("--tty", request.Terminal);
        Flag("--read-only", request.ReadOnlyRoot);
        Option("--name", request.Name);
        Option("--hostname", request.Hostname);
        Option("--user", request.User);
        Option("--workdir", request.WorkingDirectory);
        Option(
            "--network",
            request.Network switch
            {
                NetworkMode.Host => "host",
                NetworkMode.None => "none",
                _ => "bridge",
            }
        );
        Option("--userns", request.UserNamespace == UserNamespaceMode.Host ? "host" : null);
        Option("--memory", limits.Memory);
        // As in a container of ours: no swap beyond the limit. Engines allow as much again when they are not told.
        Option("--memory-swap", limits.Memory);
        Option("--cpus", limits.Cpus);
        Option("--cpuset-cpus", request.Limits.CpusetCpus);
        Option("--shm-size", limits.SharedMemory);
        Option("--pids-limit", limits.Processes);
        Option("--stop-signal", request.StopSignal);
        Option("--stop-timeout", ((int)request.StopTimeout.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        Option("--security-opt", "no-new-privileges");
        Many(
            "--group-add",
            request.Groups.Concat((request.Gpus?.Edits.AdditionalGids ?? []).Select(g => g.ToString(CultureInfo.InvariantCulture)))
        );
        Many("--env", request.Environment.Concat(request.Gpus?.Edits.Environment ?? []));
        Option("--env", PathWithPrograms(request));
        Many("--label", request.Labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"));
        Many("--ulimit", request.Ulimits.Select(u => $"{u.Name}={Limit(u.Soft)}:{Limit(u.Hard)}"));
        Many("--publish", request.Ports.Select(Port));
        Many("--mount", request.Mounts.Where(m => m.Kind != MountKind.Tmpfs).Select(Mount));
        Many("--tmpfs", request.Mounts.Where(m => m.Kind == MountKind.Tmpfs).Select(Tmpfs));
        Many("--device", (request.Gpus?.Edits.Devices ?? []).Select(d => $"{d.HostPath}:{d.Path}"));
        Many("--volume", (request.Gpus?.Edits.Mounts ?? []).Select(m => $"{m.HostPath}:{m.Path}{(m.IsSocket ? "" : ":ro")}"));
        Option("--volume", request.Gpus?.LinkerCache is { } cache ? cache + ":/etc/ld.so.cache:ro" : null);
        // docker's --entrypoint takes one word; the rest goes before the command.
        Option(
            "--entrypoint",
            request.Entrypoint is { } entrypoint
                ? entrypoint.Count > 0
                    ? entrypoint[0]
                    : ""
                : null
        );
        line.Add(image);
        line.AddRange(request.Entrypoint?.Skip(1) ?? []);
        line.AddRange(request.Command ?? []);
        return line;

        void Flag(string name, bool isSet)
        {
            if (isSet)
            {
                line.Add(name);
            }
        }

        void Option(string name, string? value)
        {
            if (value is not null)
            {
                line.Add(name);
                line.Add(value);
            }
        }

        void Many(string name, IEnumerable<string> values)
        {
            foreach (var value in values)
            {
                Option(name, value);
            }
        }
    }

    /// <summary>A command line that a POSIX shell reads as these arguments.</summary>
    public static string Quote(IEnumerable<string> arguments) => ShellWord.Line(arguments);

    private static string Limit(ulong? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "-1";

    private static string Port(PortMapping port)
    {
        var address = port.HostAddress.Contains(':', StringComparison.Ordinal) ? $"[{port.HostAddress}]" : port.HostAddress;
        var outside = port.HostPort == 0 ? "" : port.HostPort.ToString(CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{address}:{outside}:{port.ContainerPort}/{port.Protocol}");
    }

    /// <summary>A value of <c>--mount</c>: one line of CSV (RFC 4180), so a path with a comma or a quotation mark needs quotes.</summary>
    private static string Mount(MountRequest mount)
    {
        List<string> fields = [mount.Kind == MountKind.Bind ? "type=bind" : "type=volume"];
        if (mount.Source.Length > 0)
        {
            fields.Add("source=" + mount.Source);
        }

        fields.Add("target=" + mount.Target);
        if (mount.Kind == MountKind.Bind && mount.Propagation != "rprivate")
        {
            fields.Add("bind-propagation=" + mount.Propagation);
        }

        if (mount.ReadOnly)
        {
            fields.Add("readonly");
        }

        return string.Join(
            ',',
            fields.Select(field =>
                field.AsSpan().IndexOfAny(",\"\n") < 0 ? field : '"' + field.Replace("\"", "\"\"", StringComparison.Ordinal) + '"'
            )
        );
    }

    /// <summary>
    /// A value of <c>--tmpfs</c>; engines forbid programs there when they are not told otherwise, and compilers of kernels load theirs from
    /// /tmp.
    /// </summary>
    private static string Tmpfs(MountRequest mount) =>
        $"{mount.Target}:exec,mode={Convert.ToString(mount.TmpfsMode, 8)}"
        + (mount.TmpfsSize is { } size ? FormattableString.Invariant($",size={size}") : "")
        + (mount.ReadOnly ? ",ro" : "");

    /// <summary>The image's PATH with the driver's programs behind it; null when there are none, or they are in it.</summary>
    private static string? PathWithPrograms(RunRequest request)
    {
        if (request.Gpus?.ProgramDirectory is not { } programs)
        {
            return null;
        }

        var path = request.Image.Config.Env.Concat(request.Environment).LastOrDefault(v => v.StartsWith("PATH=", StringComparison.Ordinal))
            ?? Launch.ConfigurationBuilder.DefaultPath;
        return path["PATH=".Length..].Split(':').Contains(programs) ? null : $"{path.TrimEnd(':')}:{programs}";
    }
}

/// <summary>Limits as an engine takes them; null leaves one to the engine.</summary>
/// <param name="Memory">Bytes.</param>
/// <param name="Cpus">CPUs.</param>
/// <param name="SharedMemory">Bytes.</param>
/// <param name="Processes">Count.</param>
internal sealed record EffectiveLimitsText(string? Memory, string? Cpus, string? SharedMemory, string? Processes)
{
    /// <summary>Limits with the machine's defaults filled in.</summary>
    public static EffectiveLimitsText Of(ContainerLimits asked)
    {
        var limits = Cgroups.EffectiveLimits.From(asked, Torchyard.Machine.Kernel.MachineResources.Detect());
        return new EffectiveLimitsText(
            limits.Memory.ToString(CultureInfo.InvariantCulture),
            limits.Cpus.ToString("0.##", CultureInfo.InvariantCulture),
            limits.SharedMemory.ToString(CultureInfo.InvariantCulture),
            limits.Processes.ToString(CultureInfo.InvariantCulture)
        );
    }
}

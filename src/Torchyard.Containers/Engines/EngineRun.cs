using Torchyard.Containers.Launch;
using Torchyard.Containers.Requests;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Reporting;

namespace Torchyard.Containers.Engines;

/// <summary>Starts an image of the store through podman or docker instead of through an OCI runtime.</summary>
/// <param name="paths">The store.</param>
/// <param name="engine">The engine.</param>
/// <param name="runtime">OCI runtime that the engine shall use, or null for its own choice.</param>
/// <param name="progress">Told what the engine does differently, and how far the image is.</param>
public sealed class EngineRun(StorePaths paths, ContainerEngine engine, string? runtime, IProgressSink progress)
{
    private string Name => engine == ContainerEngine.Podman ? "podman" : "docker";

    /// <summary>
    /// The command line that <see cref="PrepareAsync"/> would give, program included, without asking the engine anything.
    /// </summary>
    public IReadOnlyList<string> Describe(RunRequest request, bool detach)
    {
        ArgumentNullException.ThrowIfNull(request);
        return [Name, .. Arguments(request, DockerDaemon.Usual, detach)];
    }

    /// <summary>Gives the image to the engine, unless it has it.</summary>
    /// <returns>The engine's program, and the arguments that run the image.</returns>
    /// <exception cref="TorchyardException">
    /// TY4070: the engine is not there; TY4071: it did not take the image; TY4072 to TY4074: docker's daemon does not answer, may not be
    /// asked, or does not know the runtime.
    /// </exception>
    public async Task<(HostProgram Program, IReadOnlyList<string> Arguments)> PrepareAsync(
        RunRequest request,
        bool detach,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        var program = HostProgram.Find(Name)
            ?? throw new TorchyardException(
                "TY4070",
                $"{Name} is not on this machine",
                $"install {Name}, or leave --engine out: Torchyard needs no engine"
            );
        var daemon = engine == ContainerEngine.Docker ? await DockerDaemon.AskAsync(program, cancellation) : DockerDaemon.Usual;
        if (runtime is not null)
        {
            daemon.Require(runtime, runtime.Contains('/', StringComparison.Ordinal) ? null : HostProgram.Find(runtime)?.Path);
        }

        request = request with { Mounts = MountSources.Settle(request, new OpenDirectories(paths).Read(), progress.Note) };
        var arguments = Arguments(request, daemon, detach);
        if (detach && request.Gpus is not null)
        {
            progress.Warn(
                $"the GPUs count as free again while {Name} runs this in the background: Torchyard does not see {Name}'s containers"
            );
        }

        if (request.Ports.Count > 0)
        {
            progress.Note(
                $"{Name}'s published ports reach what listens on all addresses inside, not on loopback; for Jupyter add -e "
                    + "TORCHYARD_JUPYTER_LISTEN=0.0.0.0"
            );
        }

        await new EngineImport(paths, Name, program, progress).EnsureAsync(request.Image, !daemon.ReadsZstd, cancellation);
        return (program, arguments);
    }

    /// <summary>
    /// Replaces this process with a prepared command line: terminal, signals and exit status are the engine's own, and what this process
    /// holds, such as GPUs, stays held for as long as the engine's client runs.
    /// </summary>
    /// <returns>What to throw when the kernel refused.</returns>
    public TorchyardException Become(HostProgram program, IReadOnlyList<string> arguments)
    {
        return new TorchyardException(
            "TY4070",
            $"{program} cannot be started: {ProcessReplacement.Execute(program, [Name, .. arguments], "/")}",
            $"check its mode, or install {Name} again"
        );
    }

    private IReadOnlyList<string> Arguments(RunRequest request, DockerDaemon daemon, bool detach)
    {
        var user = request.User ?? request.Image.Config.User;
        var isRoot = UserCalls.EffectiveUser() == 0;
        var mayRaise = isRoot && ResourceLimits.MayRaise(File.ReadLines("/proc/self/status"));
        // The daemon is root's, unless it is a rootless one of the caller's own; inside another container root may not do everything
        // either.
        var daemonMayRaise = !daemon.IsRootless && ResourceLimits.MayRaise(File.ReadLines("/proc/self/status"), "CapBnd");
        var hard = ResourceLimits.HardLimits(File.ReadAllText("/proc/self/limits"));
        request =
            engine == ContainerEngine.Podman
                ? PodmanOptions.WithinLimits(request, hard, mayRaise, progress.Warn)
                : DockerOptions.WithLimits(request, daemonMayRaise, hard, progress.Warn);
        if (engine == ContainerEngine.Docker || isRoot)
        {
            foreach (var (source, owner) in PodmanOptions.ForeignMounts(request, user))
            {
                progress.Warn(
                    $"{source} belongs to uid {owner}, and {Name} shows it so: user {user} of "
                        + "the container may not be able to write there; "
                        + "without --engine it is shown as the container user's"
                );
            }
        }

        var line = EngineCommand.Arguments(request, EngineImport.Reference(request.Image), EffectiveLimitsText.Of(request.Limits), detach);
        if (engine == ContainerEngine.Docker)
        {
            return runtime is null ? line : [line[0], "--runtime", runtime, .. line.Skip(1)];
        }

        var chosen = PodmanOptions.Runtime(runtime, CgroupLayout.Detect().Mode);
        return
        [
            .. chosen is null ? (string[])[] : ["--runtime", chosen],
            line[0],
            .. isRoot ? [] : PodmanOptions.UserMapping(user),
            .. line.Skip(1),
        ];
    }
}

using System.Diagnostics;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Machine;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Native;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Sessions;
using Torchyard.Images;
using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Engines;

/// <summary>Starts an image of the store through podman or docker instead of through an OCI runtime.</summary>
/// <param name="paths">The store.</param>
/// <param name="engine">The engine.</param>
/// <param name="runtime">OCI runtime that the engine shall use, or null for its own choice.</param>
/// <param name="warn">Told what the engine does differently.</param>
public sealed class EngineRun(StorePaths paths, ContainerEngine engine, string? runtime, Action<string> warn)
{
    private string Name => engine == ContainerEngine.Podman ? "podman" : "docker";

    /// <summary>Gives the image to the engine and runs it with the caller's standard streams.</summary>
    /// <returns>The engine's exit status, which is the program's.</returns>
    /// <exception cref="TorchyardException">TY4070: the engine is not there; TY4071: it did not take the image.</exception>
    public async Task<int> RunAsync(RunRequest request, bool detach, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var program = ProgramSearch.Find(Name)
            ?? throw new TorchyardException("TY4070", $"{Name} is not on this machine", $"install {Name}, or leave --engine out: Torchyard needs no engine");
        foreach (var mount in request.Mounts.Where(m => m is { Kind: MountKind.Bind, CreateSource: true }))
        {
            Directory.CreateDirectory(mount.Source);
        }

        var image = await ImportAsync(program, request.Image, cancellation);
        using var process = Process.Start(new ProcessStartInfo(program, Arguments(request, image, detach)))
            ?? throw new InvalidOperationException($"{program} did not start");
        // The engine forwards the signals that it gets from the terminal itself; this program only must not end before it.
        using var signals = new SignalForwarding().To(number => Libc.Kill(process.Id, number));
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode;
    }

    private IReadOnlyList<string> Arguments(RunRequest request, string image, bool detach)
    {
        var user = request.User ?? request.Image.Config.User;
        var isRoot = Libc.GetEffectiveUserId() == 0;
        if (engine == ContainerEngine.Podman)
        {
            request = PodmanOptions.WithinLimits(
                request,
                ResourceLimits.HardLimits(File.ReadAllText("/proc/self/limits")),
                isRoot && ResourceLimits.MayRaise(File.ReadLines("/proc/self/status")),
                warn);
        }

        if (engine == ContainerEngine.Docker || isRoot)
        {
            foreach (var (source, owner) in PodmanOptions.ForeignMounts(request, user))
            {
                warn($"{source} belongs to uid {owner}, and {Name} shows it so: user {user} of the container may not be able to write there; "
                    + "without --engine it is shown as the container user's");
            }
        }

        IReadOnlyList<string> line = EngineCommand.Arguments(request, image, EffectiveLimitsText.Of(request.Limits), detach);
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

    /// <summary>Name of the image in the engine: the manifest's digest as a tag, so that one import serves every later run.</summary>
    private async Task<string> ImportAsync(string program, StoredImage image, CancellationToken cancellation)
    {
        var reference = "localhost/torchyard:" + image.Manifest.Hex[..20];
        if ((await HostCommand.RunAsync(program, ["image", "inspect", reference], cancellation: cancellation)).ExitCode == 0)
        {
            return reference;
        }

        var directory = Path.Combine(paths.Temporary, "engine-" + Guid.NewGuid().ToString("N")[..12]);
        try
        {
            OciExport.Write(paths.Oci, image.Manifest, reference, directory);
            var archive = directory + ".tar";
            await RunAsync("tar", ["--create", "--dereference", "--file", archive, "--directory", directory, "."], cancellation);
            await RunAsync(program, ["load", "--input", archive], cancellation);
            File.Delete(archive);
        }
        finally
        {
            if (Directory.Exists(directory))
            {
                Directory.Delete(directory, recursive: true);
            }

            File.Delete(directory + ".tar");
        }

        return reference;
    }

    private async Task RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var result = await HostCommand.RunAsync(program, arguments, cancellation: cancellation);
        if (result.ExitCode != 0)
        {
            throw new TorchyardException(
                "TY4071",
                $"{Name} did not take the image: {result.Error.Trim()}",
                "old engines read gzip layers only: build with --compression gzip");
        }
    }
}

using System.Text.Json;
using Torchyard.Building;
using Torchyard.CommandLine;
using Torchyard.Containers;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.State;
using Torchyard.Gpus.Report;
using Torchyard.Gpus.Verify;
using Torchyard.Images;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Commands;

/// <summary>The checks of PyTorch, with an interpreter of this machine or inside a container of an image.</summary>
internal static class ImageVerification
{
    private const string Inside = "/run/torchyard-verify";

    /// <summary>Runs them with an interpreter of this machine.</summary>
    public static async Task<IReadOnlyList<VerifyResult>> OnMachineAsync(Invocation invocation, string python, CancellationToken cancellation)
    {
        var folder = WriteProgram(invocation);
        try
        {
            var result = await HostCommand.RunAsync(python, ["-I", Path.Combine(folder, "verify.py")], cancellation: cancellation);
            return PyTorchVerification.Read(result.Output, result.ExitCode, result.Error);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Runs them and, where the container has GPUs, the native proofs inside a container that is gone afterwards.</summary>
    public static async Task<(GpuReport? Native, IReadOnlyList<VerifyResult> PyTorch)> InImageAsync(
        Invocation invocation, string name, string? gpus, CancellationToken cancellation)
    {
        var images = new ImageStore(invocation.Store);
        using var use = await images.BeginUseAsync(invocation.Screen.Progress, cancellation);
        var image = await new MendedImage(invocation).FindAsync(name, cancellation);
        var layers = new MendingLayers(invocation);
        using var granted = await ContainerGpus.ForContainerAsync(
            invocation, gpus, wait: false, $"torchyard verify {name}", image, cancellation);
        var folder = WriteProgram(invocation);
        var store = new ContainerStore(invocation.Store, invocation.Caller.Clock);
        var launcher = new ContainerLauncher(store, layers, new MachineRuntimeSource(), SelfProgram.Current, invocation.Screen.Progress);
        try
        {
            var session = await launcher.StartAsync(
                new RunRequest
                {
                    Image = image,
                    ImageName = name,
                    Entrypoint = [],
                    Command = ["sleep", "3600"],
                    Gpus = granted?.Injection,
                    Remove = true,
                    BestEffort = true,
                    Mounts =
                    [
                        new MountRequest { Kind = MountKind.Bind, Source = folder, Target = Inside, ReadOnly = true },
                        new MountRequest { Kind = MountKind.Bind, Source = SelfProgram.Current.Path, Target = Inside + "-torchyard", ReadOnly = true },
                    ],
                },
                cancellation);
            try
            {
                GpuReport? native = null;
                if (granted is not null)
                {
                    var proofs = await session.CaptureAsync(new ExecRequest { Command = [Inside + "-torchyard", "verify", "--json", "--progress", "none"] }, cancellation);
                    native = proofs.Output.StartsWith('{') ? JsonSerializer.Deserialize(proofs.Output, GpuJson.Default.GpuReport) : null;
                }

                var checks = await session.CaptureAsync(new ExecRequest { Command = ["python3", "-I", Inside + "/verify.py", granted is null ? "--gpus=auto" : "--gpus=required"] }, cancellation);
                return (native, PyTorchVerification.Read(checks.Output, checks.ExitCode, checks.Error));
            }
            finally
            {
                await session.StopAsync(TimeSpan.Zero, CancellationToken.None);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string WriteProgram(Invocation invocation)
    {
        Directory.CreateDirectory(invocation.Store.Temporary);
        var folder = Path.Combine(invocation.Store.Temporary, "verify-" + Path.GetRandomFileName());
        Directory.CreateDirectory(folder);
        AtomicFile.WriteText(Path.Combine(folder, "verify.py"), PyTorchVerification.Program);
        // The container's user is not the owner.
        File.SetUnixFileMode(folder, (UnixFileMode)0x1ED);
        File.SetUnixFileMode(Path.Combine(folder, "verify.py"), (UnixFileMode)0x1A4);
        return folder;
    }
}

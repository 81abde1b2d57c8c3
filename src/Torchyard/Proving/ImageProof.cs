using Torchyard.Building;
using Torchyard.CommandLine;
using Torchyard.Containers;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.GpuAccess;
using Torchyard.Gpus.Report;
using Torchyard.Images;
using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Proving;

/// <summary>
/// A container of an image in which <c>verify</c> and <c>bench</c> look at GPUs as the image's own programs see them. This very program
/// is bound into it; the container is gone afterwards.
/// </summary>
internal sealed class ImageProof : IAsyncDisposable
{
    private const string Inside = "/run/torchyard-proof";

    private readonly string _folder;
    private readonly ContainerSession _session;

    private ImageProof(string folder, ContainerSession session, int gpus) => (_folder, _session, Gpus) = (folder, session, gpus);

    /// <summary>Number of GPUs that it has.</summary>
    public int Gpus { get; }

    /// <summary>Starts it.</summary>
    /// <param name="invocation">The invocation.</param>
    /// <param name="name">Name of the image.</param>
    /// <param name="gpus">Value of <c>--gpus</c>; null is all where there are any.</param>
    /// <param name="files">Name and text of files that are put into it.</param>
    /// <param name="cancellation">Ends the start.</param>
    public static async Task<ImageProof> StartAsync(
        Invocation invocation, string name, string? gpus, IReadOnlyDictionary<string, string> files, CancellationToken cancellation)
    {
        var images = new ImageStore(invocation.Store);
        using var use = await images.BeginUseAsync(invocation.Screen.Progress, cancellation);
        var image = await new MendedImage(invocation).FindAsync(name, cancellation);
        var machine = GpuOptions.Machine(invocation);
        var selection = Torchyard.Gpus.Injection.GpuSelection.Parse(gpus ?? (machine.HasDriver && machine.AllGpus().Count > 0 ? "all" : "none"));
        using var granted = await ContainerGpus.ForContainerAsync(
            invocation, selection, wait: false, $"torchyard {invocation.Parsed.CommandResult.Command.Name} {name}", image, cancellation);
        var folder = Write(invocation, files);
        var store = new ContainerStore(invocation.Store, invocation.Caller.Clock);
        var launcher = new ContainerLauncher(store, new MendingLayers(invocation), invocation.Runtimes(), SelfProgram.Current, invocation.Screen.Progress);
        try
        {
            var session = await launcher.StartAsync(
                new RunRequest
                {
                    Image = image,
                    ImageName = name,
                    Entrypoint = [],
                    Command = ["sleep", "3600"],
                    Environment = granted?.Inherited ?? [],
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
            return new ImageProof(folder, session, granted?.Count ?? 0);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>Runs a verb of this program inside; its <c>--json</c> answer.</summary>
    /// <param name="arguments">The verb and its options.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY5018: it gave no report.</exception>
    public async Task<GpuReport> ReportAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var result = await _session.CaptureAsync(new ExecRequest { Command = ProofReport.Command(Inside + "-torchyard", arguments) }, cancellation);
        return ProofReport.Read(result, arguments[0], _session.Record.ImageName);
    }

    /// <summary>Runs the image's <c>python3</c> on one of the files.</summary>
    public Task<CommandResult> PythonAsync(string file, IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        _session.CaptureAsync(new ExecRequest { Command = ["python3", "-I", $"{Inside}/{file}", .. arguments] }, cancellation);

    /// <summary>Ends the container.</summary>
    public async ValueTask DisposeAsync()
    {
        await _session.StopAsync(TimeSpan.Zero, CancellationToken.None);
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A folder of files that the container's user, who is not their owner, can read.</summary>
    private static string Write(Invocation invocation, IReadOnlyDictionary<string, string> files)
    {
        Directory.CreateDirectory(invocation.Store.Temporary);
        var folder = Path.Combine(invocation.Store.Temporary, "proof-" + Path.GetRandomFileName());
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, (UnixFileMode)0x1ED);
        foreach (var (name, text) in files)
        {
            AtomicFile.WriteText(Path.Combine(folder, name), text);
            File.SetUnixFileMode(Path.Combine(folder, name), (UnixFileMode)0x1A4);
        }

        return folder;
    }
}

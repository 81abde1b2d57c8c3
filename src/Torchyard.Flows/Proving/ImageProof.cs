using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Starting;
using Torchyard.Containers.State;
using Torchyard.Flows.Gpus;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Repair;
using Torchyard.Flows.Runtimes;
using Torchyard.Flows.Shipping;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;
using Torchyard.Reports.Page;

namespace Torchyard.Flows.Proving;

/// <summary>
/// A container of an image in which <c>verify</c> and <c>bench</c> look at GPUs as the image's own programs see them. This very program
/// is bound into it; the container is gone afterwards.
/// </summary>
internal sealed class ImageProof : IAsyncDisposable
{
    private const string Inside = "/run/torchyard-proof";

    private readonly BuildDirectory _files;
    private readonly ContainerSession _session;
    private readonly SelfProgram _self;

    private ImageProof(BuildDirectory files, ContainerSession session, SelfProgram self, int gpus) =>
        (_files, _session, _self, Gpus) = (files, session, self, gpus);

    /// <summary>Number of GPUs that it has.</summary>
    public int Gpus { get; }

    /// <summary>Starts it.</summary>
    /// <param name="host">Who asks, from where.</param>
    /// <param name="verb">What is done in it, for whoever asks who has the GPUs.</param>
    /// <param name="name">Name of the image.</param>
    /// <param name="gpus">Value of <c>--gpus</c>; null is all where there are any.</param>
    /// <param name="files">Name and text of files that are put into it.</param>
    /// <param name="cancellation">Ends the start.</param>
    public static async Task<ImageProof> StartAsync(
        Host host,
        string verb,
        string name,
        string? gpus,
        IReadOnlyDictionary<string, string> files,
        CancellationToken cancellation
    )
    {
        var images = new ImageStore(host.Store);
        using var use = await images.BeginUseAsync(host.Progress, cancellation);
        var image = await new WantedImage(host).FindAsync(name, PullWhen.Missing, cancellation);
        var machine = host.Gpus();
        var selection = Torchyard.Containers.Gpus.GpuSelection.Parse(
            gpus ?? (machine.HasDriver && machine.AllGpus().Count > 0 ? "all" : "none")
        );
        using var granted = await ContainerGpus.ForContainerAsync(
            host,
            new GpuRequest(selection, Wait: false, $"torchyard {verb} {name}"),
            image,
            cancellation
        );
        var held = BuildDirectory.Create(host.Store);
        var store = new ContainerStore(host.Store, host.Clock);
        var launcher = new ContainerLauncher(store, new RepairingLayers(host), host.Runtimes(), host.Self, host.Progress);
        try
        {
            var folder = Write(held, files);
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
                        new MountRequest
                        {
                            Kind = MountKind.Bind,
                            Source = folder,
                            Target = Inside,
                            ReadOnly = true,
                        },
                        new MountRequest
                        {
                            Kind = MountKind.Bind,
                            Source = host.Self.Path,
                            Target = Inside + "-torchyard",
                            ReadOnly = true,
                        },
                    ],
                },
                cancellation
            );
            return new ImageProof(held, session, host.Self, granted?.Count ?? 0);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Runs a verb of this program inside; its <c>--json</c> answer.</summary>
    /// <param name="arguments">The verb and its options.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY5018: it gave no report.</exception>
    public async Task<GpuReport> ReportAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var result = await _session.CaptureAsync(
            new ExecRequest { Command = ProofReport.Command(Inside + "-torchyard", arguments), Bounds = ProgramBounds.Proof },
            cancellation
        );
        return ProofReport.Read(result, arguments[0], _session.Record.ImageName, _self);
    }

    /// <summary>Runs the image's <c>python3</c> on one of the files.</summary>
    public Task<CommandResult> PythonAsync(string file, IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        PythonAsync(path => ["-I", path, .. arguments], file, cancellation);

    /// <summary>Runs the image's <c>python3</c> with arguments of which one is the path of a file.</summary>
    public Task<CommandResult> PythonAsync(Func<string, IReadOnlyList<string>> arguments, string file, CancellationToken cancellation) =>
        _session.CaptureAsync(
            new ExecRequest { Command = ["python3", .. arguments($"{Inside}/{file}")], Bounds = ProgramBounds.Proof },
            cancellation
        );

    /// <summary>Ends the container.</summary>
    public async ValueTask DisposeAsync()
    {
        await _session.StopAsync(TimeSpan.Zero, CancellationToken.None);
        _files.Dispose();
    }

    /// <summary>A folder of files that the container's user, who is not their owner, can read.</summary>
    private static string Write(BuildDirectory held, IReadOnlyDictionary<string, string> files)
    {
        var folder = Path.Combine(held.Path, "files");
        StoreDirectory.Create(folder);
        foreach (var (name, text) in files)
        {
            AtomicFile.WriteText(Path.Combine(folder, name), text);
            File.SetUnixFileMode(Path.Combine(folder, name), (UnixFileMode)FileModes.Readable);
        }

        return folder;
    }
}

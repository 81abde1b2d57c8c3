using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.Starting;
using Torchyard.Containers.State;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;

namespace Torchyard.Containers.Tests;

/// <summary>A store with an image of one busybox layer.</summary>
internal sealed class ContainerFixture : IAsyncDisposable, IMountedLayers, IProgressSink
{
    private readonly BusyboxRoot _root;
    private readonly TimeSpan _stopTimeout = TimeSpan.FromSeconds(5);

    private ContainerFixture(BusyboxRoot root, OciRuntimeKind? kind)
    {
        _root = root;
        Paths = new StorePaths(Path.Combine(root.Directory, "store"));
        Store = new ContainerStore(Paths, TimeProvider.System);
        Launcher = new ContainerLauncher(Store, this, new MachineRuntimeSource(kind), SelfProgram.Current, this);
    }

    public StorePaths Paths { get; }

    public ContainerStore Store { get; }

    public ContainerLauncher Launcher { get; }

    public List<string> Warnings { get; } = [];

    public string Directory => _root.Directory;

    public string Layer => _root.Layer;

    public static ContainerFixture Create(OciRuntimeKind? kind = null) => new(BusyboxRoot.Create(), kind);

    public RunRequest Request(params string[] command) =>
        new()
        {
            Image = new StoredImage
            {
                Manifest = Digest.Of("busybox"u8),
                Names = ["busybox:test"],
                DiffIds = [],
                Layers = [],
                CompressedSize = 0,
                Created = 0,
                Config = new ImageConfig { User = "trainer", Env = ["PATH=/bin", "FROM_IMAGE=1"] },
            },
            ImageName = "busybox:test",
            Command = command,
            StopTimeout = _stopTimeout,
        };

    public RunRequest Shell(string script) => Request("sh", "-c", script);

    /// <summary>Starts a container, waits for its end and gives its exit status and log.</summary>
    public async Task<(int? ExitCode, string Output, ContainerState State)> RunAsync(RunRequest request)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var session = await Launcher.StartAsync(request, cancellation);
        var code = await session.WaitAsync(cancellation);
        return (code, await LogAsync(session), (await session.StateAsync(cancellation))!);
    }

    public static async Task<string> LogAsync(ContainerSession session)
    {
        var lines = new List<string>();
        await foreach (var entry in session.LogAsync(tail: null, since: null, follow: false, TestContext.Current.CancellationToken))
        {
            lines.Add(entry.Text);
        }

        return string.Join('\n', lines);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var container in await Store.ListAsync(CancellationToken.None))
        {
            container.State.Init?.Signal(SignalNumbers.Kill);
            await new ContainerSession(Store, container.Record, SelfProgram.Current).WaitAsync(CancellationToken.None);
            foreach (var left in await Store.ListAsync(CancellationToken.None))
            {
                if (left.Record.Id == container.Record.Id)
                {
                    await Store.RemoveAsync(left, CancellationToken.None);
                }
            }
        }

        await _root.DisposeAsync();
    }

    Task<IReadOnlyList<string>> IMountedLayers.EnsureAsync(StoredImage image, IProgressSink progress, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<string>>([_root.Layer]);

    IProgressTask IProgressSink.Begin(string label, long? total, ProgressUnit unit) => SilentProgress.Instance;

    void IProgressSink.Note(string text) { }

    void IProgressSink.Warn(string text)
    {
        lock (Warnings)
        {
            Warnings.Add(text);
        }
    }
}

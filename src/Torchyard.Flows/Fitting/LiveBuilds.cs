using Torchyard.Fit.Data;
using Torchyard.Fit.Live;
using Torchyard.Flows.Hosts;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;

namespace Torchyard.Flows.Fitting;

/// <summary>
/// What builds of PyTorch exist: as the index says, kept for a day in the store; offline as it said last, else as the table has it.
/// </summary>
internal sealed class LiveBuilds(Host host, FitTables tables)
{
    /// <summary>Variable with the root of a mirror of download.pytorch.org/whl, or <c>off</c>.</summary>
    public const string IndexVariable = "TORCHYARD_TORCH_INDEX";

    private const string Project = "torch";

    /// <summary>Unknown builds whose METADATA is read; more come when the first are in the table.</summary>
    private const int MostUnknown = 24;

    private static readonly TimeSpan Fresh = TimeSpan.FromDays(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private string Place => Path.Combine(host.Store.Indexes, "fit", "torch.json");

    /// <summary>What the store has of the index's last answer, without asking anybody.</summary>
    public LiveAnswer Kept() => Read(Root()) is { } kept ? Of(kept, null) : new LiveAnswer(tables, null, null);

    /// <summary>What exists.</summary>
    /// <param name="offline">Nobody is asked.</param>
    /// <param name="refresh">The index is asked, however new the answer in the store is, and must answer.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2503 to TY2506 when it must answer and does not; TY5215: it may not be asked.</exception>
    public async Task<LiveAnswer> ReadAsync(bool offline, bool refresh, CancellationToken cancellation)
    {
        var root = Root();
        var kept = Read(root);
        if (offline || root is null)
        {
            return refresh
                ? throw new TorchyardException(
                    "TY5215",
                    "the index is to be asked, and may not be",
                    $"leave out --offline, and set no {IndexVariable}=off"
                )
                {
                    IsUsage = true,
                }
                : Old(kept, "no index was asked");
        }

        if (!refresh && kept is not null && host.Clock.GetUtcNow() - kept.AsOf is var age && age >= TimeSpan.Zero && age < Fresh)
        {
            return Of(kept, null);
        }

        try
        {
            var found = await AskAsync(root, cancellation);
            Keep(found);
            return Of(found, null);
        }
        catch (TorchyardException failure) when (!refresh)
        {
            return Old(kept, $"the index did not answer ({failure.Message})");
        }
        catch (OperationCanceledException) when (!refresh && !cancellation.IsCancellationRequested)
        {
            return Old(kept, "the index did not answer in time");
        }
    }

    private LiveAnswer Old(IndexSnapshot? kept, string why) =>
        kept is null
            ? new LiveAnswer(tables, null, $"{why}: which builds exist is as of {tables.AsOf}, from the table of this program")
            : Of(kept, $"{why}: which builds exist is as of {kept.Day}");

    private LiveAnswer Of(IndexSnapshot snapshot, string? note) =>
        new(
            LiveTables.With(tables, snapshot),
            snapshot,
            note
                ?? (
                    snapshot.Variants > 0
                        ? $"left out: {Count.Of(snapshot.Variants, "wheel")} with a variant label (PEP 825, a draft)"
                        : null
                )
        );

    private async Task<IndexSnapshot> AskAsync(Uri root, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        var pip = PipSettings.Read(host.Caller.Variable, host.Caller.Home);
        // A question that can be answered without is not worth long waits.
        using var transport = new IndexTransport(
            pip with
            {
                Retries = 0,
                Timeout = Math.Min(pip.Timeout, 5),
            },
            IndexCredentials.Read(host.Caller.Variable, host.Caller.Home),
            host.Clock
        );
        var client = new SimpleIndexClient(transport, new IndexCache(host.Store));
        var listing = await WheelSurvey.ReadAsync(client, root, Project, patience.Token)
            ?? throw new TorchyardException(
                "TY2506",
                $"{root} has no project {Project}",
                $"let {IndexVariable} name a mirror of {tables.TorchIndex}"
            );
        var builds = SnapshotReader.Builds(listing.Wheels);
        var unknown = builds
            .Where(build => tables.Builds.All(row => row.Torch != build.Torch || row.Build != build.Build))
            .Where(build => DottedVersion.TryParse(build.Torch, out var release) && release > Oldest())
            .OrderByDescending(build => DottedVersion.Parse(build.Torch))
            .Take(MostUnknown)
            .ToArray();
        var pins = await Task.WhenAll(unknown.Select(async build => (build, await PinsAsync(client, listing, build, patience.Token))));
        return new IndexSnapshot
        {
            AsOf = host.Clock.GetUtcNow(),
            Index = root.AbsoluteUri,
            Builds =
            [
                .. builds.Select(build =>
                    pins.FirstOrDefault(pair => ReferenceEquals(pair.build, build)).Item2 is { } own ? build with { Pins = own } : build
                ),
            ],
            Variants = listing.Variants,
        };
    }

    private DottedVersion Oldest() => tables.Builds.Min(row => DottedVersion.Parse(row.Torch));

    private static async Task<IndexedPins?> PinsAsync(
        SimpleIndexClient client,
        WheelListing listing,
        IndexedBuild build,
        CancellationToken cancellation
    )
    {
        var wheel = listing.Wheels.FirstOrDefault(wheel => wheel.Release == build.Torch && wheel.Local == build.Build);
        try
        {
            return wheel is not null && await WheelSurvey.MetadataAsync(client, wheel, cancellation) is { } metadata
                ? SnapshotReader.Pins(metadata)
                : null;
        }
        catch (Exception failure) when (failure is TorchyardException or InvalidDataException)
        {
            // Without its pins a build is judged by its name.
            return null;
        }
    }

    private Uri? Root()
    {
        var text = host.Caller.Variable(IndexVariable);
        return text == "off" ? null : new Uri(string.IsNullOrEmpty(text) ? tables.TorchIndex : text.TrimEnd('/') + "/");
    }

    private IndexSnapshot? Read(Uri? root)
    {
        try
        {
            return
                File.Exists(Place)
                && IndexSnapshot.FromJson(File.ReadAllBytes(Place)) is { } kept
                && (root is null || kept.Index == root.AbsoluteUri)
                ? kept
                : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Keep(IndexSnapshot snapshot)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Place)!);
            AtomicFile.Write(Place, snapshot.ToJson());
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A store that cannot be written is reported where it matters; the next run asks again.
        }
    }
}

/// <summary>What builds exist.</summary>
/// <param name="Tables">The tables with it.</param>
/// <param name="Snapshot">What the index said; null when nobody asked it, ever.</param>
/// <param name="Note">What to know of its age; null for nothing.</param>
internal sealed record LiveAnswer(FitTables Tables, IndexSnapshot? Snapshot, string? Note);

using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Torchyard.Images.Build;
using Torchyard.Images.Capture.Host;
using Torchyard.Images.Capture.Pack;
using Torchyard.Images.Capture.Plan;
using Torchyard.Images.Capture.Prove;
using Torchyard.Images.Capture.Request;
using Torchyard.Images.Environments;
using Torchyard.Images.Errors;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Images.Tar;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Capture;

/// <summary>
/// Makes an image of an environment that works on this machine, with the base system that it needs: no network, no container engine, no
/// privileges beyond reading the files. What has not changed since an earlier capture is not read again.
/// </summary>
/// <param name="paths">The store.</param>
/// <param name="supervisor">The program that the image starts with.</param>
/// <param name="clock">Measures.</param>
/// <param name="proof">Tries the finished image; null to name it untried.</param>
public sealed class ImageCapture(StorePaths paths, SupervisorProgram supervisor, TimeProvider clock, ImageProof? proof = null)
{
    // Layers at a time; each compresses on all cores, so more would only take memory.
    private const int LayersAtATime = 4;

    private readonly OciLayout _layout = new(paths);

    /// <summary>Looks at environment and machine and says what the image would have. Writes nothing.</summary>
    /// <exception cref="TorchyardException">TY3030 to TY3037.</exception>
    public static CaptureReport Preview(CaptureRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        return CaptureReport.Of(new CapturePlanner(new HostTree(), request, cancellation).Plan());
    }

    /// <summary>Makes the image and gives it its name.</summary>
    /// <exception cref="TorchyardException">TY3005: no space; TY3030 to TY3037; TY3076: the environment takes what its owner may not read;
    /// TY3075: its interpreter does not start, so that it gets no name.</exception>
    public async Task<(StoredImage Image, CaptureReport Report)> CaptureAsync(
        CaptureRequest request,
        IProgressSink progress,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(progress);
        if (!ImageName.TryParse(request.Name, out var name))
        {
            throw ImageErrors.BadName(request.Name);
        }

        var plan = await LookAsync(request, progress, cancellation);
        await new OwnersReach(plan).RequireAsync(cancellation);
        _layout.Initialise();
        var store = new ImageStore(paths);
        using var use = await store.BeginUseAsync(progress, cancellation);
        BuildDirectory.RemoveAbandoned(paths);
        using var directory = BuildDirectory.Create(paths);
        var began = clock.GetTimestamp();
        var made = await MakeLayersAsync(plan, directory.Path, progress, cancellation);
        var elapsed = clock.GetElapsedTime(began);
        var manifest = WriteImage(plan, name, [.. made]);
        await ImageWriter.AttachAsync(_layout, CapturedSoftware.Of(plan, name, supervisor.Digest), locked: null, manifest, cancellation);
        var trial = proof is null ? null : await ProveAsync(proof, plan, manifest, store, progress, cancellation);
        var image = await store.NameAsync(manifest, request.Name, cancellation);
        return (image, CaptureReport.Of(plan, made, elapsed) with { Trial = trial });
    }

    /// <summary>
    /// Tries an image under a name of its own: the one that was asked for stays with what had it until the image is known to work.
    /// </summary>
    private static async Task<CaptureTrial> ProveAsync(
        ImageProof proof,
        CapturePlan plan,
        Digest manifest,
        ImageStore store,
        IProgressSink progress,
        CancellationToken cancellation
    )
    {
        var name = $"torchyard-untried-{manifest.Hex[..12]}:latest";
        var image = await store.NameAsync(manifest, name, cancellation);
        try
        {
            var trial = await proof.TryAsync(image, plan, progress, cancellation);
            // Before the name goes, so that the image and what is attached to it are never without one.
            _ = await store.NameAsync(manifest, plan.Request.Name, cancellation);
            return trial;
        }
        finally
        {
            _ = await store.RemoveAsync(name, _ => null, force: true, CancellationToken.None);
        }
    }

    private static async Task<CapturePlan> LookAsync(CaptureRequest request, IProgressSink progress, CancellationToken cancellation)
    {
        using var task = progress.Begin("Looking at the environment");
        var plan = await Task.Run(() => new CapturePlanner(new HostTree(), request, cancellation).Plan(), cancellation);
        task.Done(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{plan.Layers.Sum(layer => layer.Files)} files, {plan.Layers.Sum(layer => layer.Size) / 1e6:F0} MB"
            )
        );
        return plan;
    }

    private async Task<IReadOnlyList<CapturedLayer>> MakeLayersAsync(
        CapturePlan plan,
        string directory,
        IProgressSink progress,
        CancellationToken cancellation
    )
    {
        var cache = new LayerCache(paths, _layout);
        var layers = plan.Layers.Append(new PlannedLayer("torchyard environment: user, services, supervisor", TopLayer(plan))).ToList();
        var writer = new CaptureLayerWriter(_layout, plan.Request.Image);
        using var bytecode = new CaptureBytecode(plan, directory);
        using var task = progress.Begin("Capturing layers", layers.Sum(layer => layer.Size));
        var result = new CapturedLayer[layers.Count];
        var reused = new ConcurrentBag<long>();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, layers.Count).OrderByDescending(index => layers[index].Size),
            new ParallelOptions
            {
                CancellationToken = cancellation,
                MaxDegreeOfParallelism = Math.Min(LayersAtATime, Math.Max(2, Environment.ProcessorCount)),
            },
            async (index, token) =>
            {
                var layer = layers[index];
                var key = KeyOf(layer, plan, bytecode);
                if (cache.FindBlob(key) is { } found)
                {
                    task.Advance(layer.Size);
                    result[index] = new CapturedLayer(layer, found, Reused: true);
                    return;
                }

                var compiled = await bytecode.CompileAsync(layer, token);
                var entries = compiled.Count == 0 ? layer.Entries : Merge(layer.Entries, compiled);
                var packed = writer.Write(entries, task.Advance, token);
                cache.Remember(key, packed);
                result[index] = new CapturedLayer(layer, packed, Reused: false);
            }
        );
        task.Done(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Count.Of(result.Length, "layer")}, {result.Count(layer => layer.Reused)} of them as they were"
            )
        );
        return result;
    }

    private static List<CaptureEntry> Merge(IReadOnlyList<CaptureEntry> entries, IReadOnlyList<CaptureEntry> compiled)
    {
        var merged = entries.Concat(compiled).ToList();
        merged.Sort((one, other) => string.CompareOrdinal(one.Entry.Name, other.Entry.Name));
        return merged;
    }

    private static Digest KeyOf(PlannedLayer layer, CapturePlan plan, CaptureBytecode bytecode)
    {
        return BuildKey.Of("capture", layer.Entries.Select(Line).Prepend($"{Packing.Of(plan.Request.Image).Key} {bytecode.Key}"));

        static string Line(CaptureEntry entry) =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"{entry.Entry.Name}\0{entry.Entry.Kind}\0{entry.Entry.Mode}\0{entry.Entry.User}\0{entry.Entry.Group}\0"
                    + $"{entry.Entry.LinkTarget}\0{entry.Source}\0"
                    + $"{(entry.Content is { } content ? Digest.Of(content.Span).Hex : entry.Stamp.ToString())}"
            );
    }

    /// <summary>What every image of Torchyard has on top: user, supervisor, services.</summary>
    private List<CaptureEntry> TopLayer(CapturePlan plan)
    {
        var entries = new List<CaptureEntry>();
        var recipe = RecipeOf(plan);
        foreach (var entry in EnvironmentFiles.For(recipe, supervisor.Content, SearchDirectory(plan)))
        {
            entries.Add(
                entry.LinkTarget is { } target ? CaptureEntry.Link(entry.Path[1..], target, (uint)entry.Uid, (uint)entry.Gid)
                : entry.Content is { } content
                    ? CaptureEntry.Text(entry.Path[1..], content, (int)entry.Mode, (uint)entry.Uid, (uint)entry.Gid)
                : CaptureEntry.Directory(entry.Path[1..], (int)entry.Mode, (uint)entry.Uid, (uint)entry.Gid)
            );
        }

        var accounts = TrainerAccount.AddTo(plan.Accounts);
        const int ShadowGroup = 42;
        entries.Add(CaptureEntry.Text("etc/passwd", Encoding.UTF8.GetBytes(accounts.Passwd)));
        entries.Add(CaptureEntry.Text("etc/group", Encoding.UTF8.GetBytes(accounts.Group)));
        if (accounts is { Shadow: { } shadow, Gshadow: { } gshadow })
        {
            entries.Add(CaptureEntry.Text("etc/shadow", Encoding.UTF8.GetBytes(shadow), FileModes.ReadableByGroup, group: ShadowGroup));
            entries.Add(CaptureEntry.Text("etc/gshadow", Encoding.UTF8.GetBytes(gshadow), FileModes.ReadableByGroup, group: ShadowGroup));
        }

        var known = plan
            .Layers.SelectMany(layer => layer.Entries)
            .Where(entry => entry.Entry.Kind == TarKind.Directory)
            .DistinctBy(entry => entry.Entry.Name)
            .ToDictionary(entry => entry.Entry.Name, StringComparer.Ordinal);
        var have = entries.Select(entry => entry.Entry.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var entry in entries.ToList())
        {
            for (
                var parent = ArchivePath.Parent(entry.Entry.Name);
                parent.Length > 0 && have.Add(parent);
                parent = ArchivePath.Parent(parent)
            )
            {
                entries.Add(known.GetValueOrDefault(parent) ?? CaptureEntry.Directory(parent));
            }
        }

        entries.Sort((one, other) => string.CompareOrdinal(one.Entry.Name, other.Entry.Name));
        return entries;
    }

    private Digest WriteImage(CapturePlan plan, ImageName name, IReadOnlyList<CapturedLayer> layers)
    {
        var settings = ImageDefaults.For(RecipeOf(plan), SearchDirectory(plan));
        List<ImageLayer> all = [.. layers.Select(layer => new ImageLayer(layer.Packed, "torchyard capture: " + layer.Plan.Title))];
        if (plan.Request.Base is { } system)
        {
            // The top layer may be the base image's own; overlayfs refuses a layer that is there twice.
            all = [.. LayersOf(system.Image).Concat(all).DistinctBy(layer => layer.Layer.DiffId)];
        }

        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["org.opencontainers.image.title"] = name.Name,
            ["org.opencontainers.image.version"] = name.Tag,
            ["org.opencontainers.image.created"] = ImageText.Timestamp(plan.Created),
            ["io.torchyard.capture.directory"] = plan.Target,
            ["io.torchyard.capture.system"] = plan.Request.Base is { } on ? on.Image.Manifest.ToString() : plan.System,
        };
        foreach (var (label, value) in plan.Request.Image.Labels)
        {
            labels[label] = value;
        }

        var architecture =
            System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64
                ? "arm64"
                : "amd64";
        return ImageWriter.Write(_layout, architecture, plan.Created, settings, labels, all);
    }

    /// <summary>The layers of an image as they are.</summary>
    private IEnumerable<ImageLayer> LayersOf(StoredImage image)
    {
        var manifest = new ImageStore(paths).ReadManifest(image.Manifest);
        return manifest.Layers.Zip(image.DiffIds, (layer, diffId) => new ImageLayer(
                new PackedLayer
                {
                    DiffId = diffId,
                    Blob = layer.Digest,
                    Size = layer.Size,
                    UncompressedSize = 0,
                    MediaType = layer.MediaType,
                },
                "base image " + image.Manifest
            ));
    }

    /// <summary>The recipe that describes the captured image as if it had been built.</summary>
    private static Recipe RecipeOf(CapturePlan plan)
    {
        var environment = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (plan.Environment.Kind == EnvironmentKind.VirtualEnvironment)
        {
            environment["VIRTUAL_ENV"] = plan.Target;
        }
        else if (plan.Environment.Kind == EnvironmentKind.Conda)
        {
            environment["CONDA_PREFIX"] = plan.Target;
            environment["CONDA_DEFAULT_ENV"] = plan.Target;
        }

        // The base image's own variables, but for the search path and what names another environment.
        foreach (var variable in plan.Request.Base?.Image.Config.Env ?? [])
        {
            if (variable.Split('=', 2) is [var name, var value] && name is not ("PATH" or "VIRTUAL_ENV" or "CONDA_PREFIX"))
            {
                environment.TryAdd(name, value);
            }
        }

        foreach (var (variable, value) in plan.Request.Image.Environment)
        {
            environment[variable] = value;
        }

        return new Recipe
        {
            Name = "captured",
            Base = new DebianBase { Suite = "captured" },
            Services = plan.Services,
            Image = plan.Request.Image with { Environment = environment },
        };
    }

    /// <summary>The directory of the environment's programs.</summary>
    private static string SearchDirectory(CapturePlan plan) => plan.Target + "/bin";
}

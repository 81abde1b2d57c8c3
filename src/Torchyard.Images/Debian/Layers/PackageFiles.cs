using System.Globalization;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Errors;
using Torchyard.Images.Sources;
using Torchyard.Images.Timings;
using Torchyard.Packages.Debian.Fetching;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Layers;

/// <summary>
/// The packages of a build while they are fetched. Which layer a package belongs to is decided by the control parts of all of them, a few
/// megabytes, which are fetched first; the packages then come stage by stage, and each is unpacked as soon as it is there.
/// </summary>
internal sealed class PackageFiles
{
    private readonly LayerContext _context;
    private readonly Dictionary<LockedDebianPackage, (ControlParagraph Control, long Time)> _controls;
    private readonly Dictionary<LockedDebianPackage, ReadOnlyMemory<byte>> _starts;
    private IReadOnlyDictionary<LockedDebianPackage, Task<string>> _files = new Dictionary<LockedDebianPackage, Task<string>>();

    private PackageFiles(
        LayerContext context,
        Dictionary<LockedDebianPackage, (ControlParagraph Control, long Time)> controls,
        Dictionary<LockedDebianPackage, ReadOnlyMemory<byte>> starts
    )
    {
        _context = context;
        _controls = controls;
        _starts = starts;
    }

    /// <summary>Control paragraph of each package.</summary>
    internal IReadOnlyDictionary<LockedDebianPackage, ControlParagraph> Controls =>
        _controls.ToDictionary(pair => pair.Key, pair => pair.Value.Control);

    /// <summary>Time of each package, seconds since 1970.</summary>
    internal IReadOnlyDictionary<LockedDebianPackage, long> Times => _controls.ToDictionary(pair => pair.Key, pair => pair.Value.Time);

    /// <summary>Begins to fetch the packages of a lock; returns as soon as all control parts are known.</summary>
    /// <param name="fetcher">Fetches them.</param>
    /// <param name="context">The build.</param>
    /// <param name="plan">From the control paragraphs of all packages: the stages in which they are needed.</param>
    internal static async Task<(PackageFiles Files, IReadOnlyList<IReadOnlyList<LockedDebianPackage>> Stages)> BeginAsync(
        IPackageFetcher fetcher,
        LayerContext context,
        Func<IReadOnlyDictionary<LockedDebianPackage, ControlParagraph>, IReadOnlyList<IReadOnlyList<LockedDebianPackage>>> plan
    )
    {
        var began = context.Timings.Now;
        var urgent = context
            .Locked.Packages.OrderByDescending(package => package.Essential)
            .ThenByDescending(package => package.Size)
            .ToList();
        var known = context.PlansWithWholeFiles
            ? new Dictionary<LockedDebianPackage, PackageStart>()
            : await fetcher.FetchStartsAsync(context.Locked, urgent, PackageStartReader.Needed, context.Cancellation);
        var controls = await ReadAsync(context, known);
        var starts = known
            .Where(pair => pair.Value.File is null && controls.ContainsKey(pair.Key))
            .ToDictionary(pair => pair.Key, pair => pair.Value.Bytes);
        var files = new PackageFiles(context, controls, starts);
        var lacking = urgent.Where(package => !controls.ContainsKey(package)).ToList();
        if (lacking.Count == 0)
        {
            var stages = plan(files.Controls);
            files.Begin(fetcher, [.. stages.SelectMany(stage => stage.OrderByDescending(package => package.Size))], began);
            return (files, stages);
        }

        files.Begin(fetcher, [.. lacking, .. urgent.Except(lacking)], began);
        var whole = await Task.WhenAll(
            lacking.Select(async package => (package, new PackageStart(await files.FileAsync(package), default)))
        );
        foreach (var (package, control) in await ReadAsync(context, whole.ToDictionary()))
        {
            controls[package] = control;
        }

        return (files, plan(files.Controls));
    }

    /// <summary>The checked file of a package, once it is there.</summary>
    internal Task<string> FileAsync(LockedDebianPackage package) => _files[package];

    /// <summary>The file of a package that was unpacked.</summary>
    internal string FileOf(LockedDebianPackage package) =>
        _files[package] is { IsCompletedSuccessfully: true } file
            ? file.Result
            : throw new InvalidOperationException($"{package.Name} is used before it is there");

    private void Begin(IPackageFetcher fetcher, IReadOnlyList<LockedDebianPackage> order, TimeSpan began)
    {
        var fetches = fetcher.Fetch(_context.Locked, order, _context.Cancellation);
        if (fetches.Values.All(fetch => fetch.IsCompletedSuccessfully))
        {
            // What has to be fetched is shown by the fetcher, with its speed.
            using var task = _context.Progress.Begin("Fetching packages");
            task.Done(string.Create(CultureInfo.InvariantCulture, $"{Count.Of(order.Count, "package")}, all in the cache"));
        }

        _files = fetches.ToDictionary(fetch => fetch.Key, fetch => _context.Track(TakeAsync(fetch.Key, fetch.Value)));
        _ = _context.Track(MeasureAsync());

        async Task MeasureAsync()
        {
            await Task.WhenAll(_files.Values);
            _context.Timings.Add(BuildWork.Fetch, "all packages", began, TimeSpan.Zero);
        }
    }

    private async Task<string> TakeAsync(LockedDebianPackage package, Task<string> fetch)
    {
        var file = await fetch;
        if (_starts.TryGetValue(package, out var start) && !PackageStartReader.IsStartOf(start.Span, file))
        {
            throw new MisleadingStartException(package);
        }

        _context.Provide(package.Sha256, file);
        return file;
    }

    /// <summary>Reads control parts; beginnings of files that have none are left out.</summary>
    private static async Task<Dictionary<LockedDebianPackage, (ControlParagraph Control, long Time)>> ReadAsync(
        LayerContext context,
        IReadOnlyDictionary<LockedDebianPackage, PackageStart> known
    )
    {
        var reads = known
            .Select(pair =>
                context.Queue.Run(
                    0,
                    0,
                    () =>
                        context.Timings.Measure(BuildWork.ReadControl, pair.Key.Name, () =>
                            (Package: pair.Key, Value: Read(pair.Key, pair.Value))
                        ),
                    context.Cancellation
                )
            )
            .ToList();
        return (await Task.WhenAll(reads))
            .Where(read => read.Value is not null)
            .ToDictionary(read => read.Package, read => read.Value!.Value);
    }

    private static (ControlParagraph Control, long Time)? Read(LockedDebianPackage package, PackageStart known)
    {
        if (known.File is null)
        {
            return PackageStartReader.TryRead(known.Bytes, package);
        }

        var (control, parts) = LockedPackageFile.Read(known.File, package, whole: false, archive =>
            PackageUnpacker.ReadControl(archive, package)
        );
        return (control, parts["control"].ModifiedAt);
    }
}

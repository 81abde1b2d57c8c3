using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Errors;
using Torchyard.Images.Layers;
using Torchyard.Images.Sbom;
using Torchyard.Images.Sources;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Python;

/// <summary>The Python distributions: layers of wheels, and over all of them the virtual environment with the bytecode.</summary>
/// <param name="fetcher">Gives the wheels; null when nothing is built.</param>
internal sealed class PythonSource(IWheelFetcher? fetcher) : ILayerSource
{
    private const string Kind = "Python";

    /// <inheritdoc />
    public LayerOrder Order => LayerOrder.Packages;

    /// <inheritdoc />
    public bool IsIn(RecipeLock locked) => locked.Python is not null;

    /// <inheritdoc />
    public IEnumerable<LockedFile> Files(RecipeLock locked, Func<LockedFile, bool> isCached)
    {
        if (locked.Python is not { } python)
        {
            return [];
        }

        // Wheels that were built from source are built again from what the lock has for that.
        var toBuild = python.Packages.Where(package => package.Source is not null && !isCached(FileOf(package))).ToList();
        return toBuild.Count == 0
            ? python.Packages.Select(FileOf)
            :
            [
                .. LockedPackageFile.Of(locked, locked.BuildPackages),
                .. python.Packages.Except(toBuild).Concat(python.BuildPackages.Where(tool => tool.Source is null)).Select(FileOf),
                .. toBuild.Select(SourceOf),
            ];
    }

    /// <inheritdoc />
    /// <exception cref="TorchyardException">TY3018: nothing gives the wheels.</exception>
    public void Require(RecipeLock locked)
    {
        if (locked.Python is not null && fetcher is null)
        {
            throw ImageErrors.PythonNotBuilt();
        }
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<LayerPlan>> PlanAsync(LayerContext context)
    {
        var python = context.Locked.Python!;
        var files = fetcher!.Fetch(python, context.Cancellation);
        foreach (var file in files.Values)
        {
            _ = context.Track(file);
        }

        var layers = new PythonLayers(context.Layout, context.Cache, context.Packing, Path.Combine(context.Directory, "wheels"));
        // Wheels need nothing of the base system: their layers are made while its packages are unpacked and configured.
        var made = await layers.MakeAsync(
            python,
            context.Locked.SystemPackages().Select(package => package.Name),
            files,
            context.Progress,
            context.Cancellation
        );
        return
        [
            .. made.Select(layer => new LayerPlan(_ => Task.FromResult(context.Place(layer)))),
            new LayerPlan(async below =>
                context.Place(
                    await layers.FinishAsync(python, BuildKey.Of("python", below.Keys), below.Roots, context.Sandbox, context.Cancellation)
                )
            ),
        ];
    }

    /// <inheritdoc />
    public SourceSoftware Software(RecipeLock locked) =>
        new([
            .. locked.Python!.Packages.Select(wheel =>
                SpdxPackage.Python(wheel.Name, wheel.Version) with
                {
                    DownloadLocation = wheel.Url ?? SpdxPackage.Unknown,
                    SourceInfo = "installed from " + wheel.Filename,
                    Sha256 = wheel.Sha256,
                }
            ),
        ]);

    /// <inheritdoc />
    public LayerReason? Explain(RecipeLock locked, string name) => PythonReasons.Find(locked, name);

    private static LockedFile FileOf(LockedPythonPackage package) =>
        new()
        {
            Name = package.Name,
            Version = package.Version,
            FileName = package.Filename,
            Size = package.Size,
            Sha256 = package.Sha256,
            Kind = Kind,
            Origin = package.Url,
            Path = package.Path,
        };

    private static LockedFile SourceOf(LockedPythonPackage package) =>
        package.Source is { Sha256: { } sum, Size: { } size, Filename: { } archive } source
            ? new LockedFile
            {
                Name = package.Name,
                Version = package.Version,
                FileName = archive,
                Size = size,
                Sha256 = sum,
                Kind = $"{Kind}, source",
                Origin = source.Url,
                Path = source.Path,
            }
            : FileOf(package) with
            {
                Kind = $"{Kind}, built from {package.Source!.Url}",
            };
}

using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Unpacking;

/// <summary>
/// The files of the packages of an image that others are put upon. dpkg's rules for places that several packages want need the archives of
/// all of them, and of these there are none: such a place is refused.
/// </summary>
internal sealed class InstalledFiles : IDisposable
{
    private readonly OverlayView _view;
    private readonly Dictionary<string, string> _holders = new(StringComparer.Ordinal);
    private readonly HashSet<(string Place, bool IsDirectory)> _seen = [];
    private readonly string _image;

    /// <summary>Reads dpkg's lists.</summary>
    /// <param name="image">What the recipe calls the image.</param>
    /// <param name="packages">Its packages.</param>
    /// <param name="roots">Directories of its layers, top first.</param>
    public InstalledFiles(string image, IReadOnlyList<LockedBasePackage> packages, IReadOnlyList<string> roots)
    {
        _image = image;
        _view = new OverlayView(roots);
        foreach (var package in packages)
        {
            foreach (var name in new[] { package.Name, $"{package.Name}:{package.Architecture}" })
            {
                foreach (
                    var line in _view
                        .ReadText($"{PackageUnpacker.InfoDirectory}/{name}.list")
                        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                        .Where(line => line is not "/.")
                )
                {
                    _holders.TryAdd(PackageUnpacker.PlaceOf(line.TrimStart('/')), package.Name);
                }
            }
        }

        foreach (var diversion in Diversion.Parse(_view.ReadText(DpkgDatabase.Directory + "/diversions")))
        {
            _holders[PackageUnpacker.PlaceOf(diversion.From)] = "dpkg-divert";
        }
    }

    /// <summary>Refuses a package that has a file where a package of the image has one.</summary>
    /// <param name="package">The package.</param>
    /// <param name="root">Directory of its layer.</param>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY3064.</exception>
    public void Require(UnpackedPackage package, string root)
    {
        using var layer = ConfinedDirectory.Open(root);
        foreach (var listed in package.ListedPaths.Where(path => path.Length > 0))
        {
            var place = PackageUnpacker.PlaceOf(listed);
            var isDirectory = layer.Status(place) is { IsDirectory: true };
            var top = listed.Split('/')[0];
            if (PackageUnpacker.IsMergedDirectory(top) && _view.Status(top) is { IsDirectory: true })
            {
                throw ImageErrors.NotUponBase(
                    package.Package.Name,
                    _image,
                    $"/{top} of the image is a directory of its own, and not a link to /usr (merged /usr)"
                );
            }

            // A directory of a layer would stand in the place of a link, and hide what that leads to.
            for (var parent = ArchivePath.Parent(place); parent.Length > 0; parent = ArchivePath.Parent(parent))
            {
                RequirePlace(package, parent, isDirectory: true);
            }

            RequirePlace(package, place, isDirectory);
            if (!isDirectory && _holders.GetValueOrDefault(place) is { } holder)
            {
                throw ImageErrors.NotUponBase(package.Package.Name, _image, $"/{place} belongs to {holder} of the image");
            }
        }
    }

    private void RequirePlace(UnpackedPackage package, string place, bool isDirectory)
    {
        if (PackageUnpacker.IsMergedDirectory(place) || !_seen.Add((place, isDirectory)))
        {
            return;
        }

        if (_view.Status(place) is { } below && !(isDirectory && below.IsDirectory))
        {
            var owner = _holders.TryGetValue(place, out var name) ? $", of {name}" : "";
            throw ImageErrors.NotUponBase(package.Package.Name, _image, $"the image has /{place} already{owner}");
        }
    }

    /// <inheritdoc />
    public void Dispose() => _view.Dispose();
}

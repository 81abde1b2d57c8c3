using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Errors;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Tar;
using Torchyard.Packages.Debian.Fetching;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian;

/// <summary>
/// Unpacks a program of Debian with its libraries into a directory of its own, where it runs on whatever system through its own dynamic
/// linker. Programs and libraries only: no scripts run, nothing is configured, and all of it belongs to whoever unpacks.
/// </summary>
/// <param name="fetcher">Gives the package files.</param>
/// <param name="cached">The package cache, where they lie.</param>
public sealed class ProgramUnpacker(IPackageFetcher fetcher, CachedFiles cached)
{
    // What a package may unpack to beyond its Installed-Size.
    private const long Slack = 64L << 20;

    /// <summary>
    /// True when a program is there as it was unpacked; one that is not, after a power failure for instance, is removed, to be unpacked
    /// again.
    /// </summary>
    /// <param name="directory">Its place, as for <see cref="UnpackAsync"/>.</param>
    /// <param name="paths">The store, in which the place lies.</param>
    public static bool Has(string directory, StorePaths paths) => SealedDirectory.Has(directory, paths);

    /// <summary>Fetches and unpacks all packages of a lock; the directory appears by rename.</summary>
    /// <param name="locked">The program and what it needs.</param>
    /// <param name="temporary">A new directory on the same file system.</param>
    /// <param name="directory">Final place; nothing is there.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="TorchyardException">TY2xxx: a package cannot be had; TY3001 to TY3006, TY3020.</exception>
    public async Task UnpackAsync(RecipeLock locked, string temporary, string directory, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(locked);
        for (var first = true; ; first = false)
        {
            var fetches = fetcher.Fetch(locked, locked.Packages, cancellation);
            Directory.CreateDirectory(temporary);
            try
            {
                using var root = RootDirectory.Open(temporary);
                foreach (var package in locked.Packages)
                {
                    Unpack(await fetches[package], package, root, cancellation);
                }

                break;
            }
            catch (DamagedPackageException damage)
            {
                Directory.Delete(temporary, recursive: true);
                if (!first)
                {
                    throw ImageErrors.PackageDamagedAgain(damage.Package, directory, damage);
                }

                _ = cached.RemoveDamaged(LockedPackageFile.Of(locked, locked.Packages), cancellation);
            }
            catch
            {
                Directory.Delete(temporary, recursive: true);
                throw;
            }
        }

        Directory.CreateDirectory(Path.GetDirectoryName(directory)!);
        SealedDirectory.Seal(temporary, directory);
    }

    private static void Unpack(string path, LockedDebianPackage package, RootDirectory root, CancellationToken cancellation)
    {
        var (user, group) = (UserCalls.EffectiveUser(), UserCalls.EffectiveGroup());
        LockedPackageFile.Read(path, package, whole: true, archive =>
        {
            _ = PackageUnpacker.ReadControl(archive, package);
            archive.ReadData(Slack + 4 * package.InstalledSize, (entry, reader) =>
            {
                cancellation.ThrowIfCancellationRequested();
                if (PackageUnpacker.PlaceOf(archive.Label, entry) is { } place && IsOfUse(place))
                {
                    _ = entry.Kind switch
                    {
                        TarKind.File => root.MakeFile(place, entry.Mode & FileModes.Executable, user, group, entry.ModifiedAt, reader.Read),
                        TarKind.Symlink => root.MakeSymlink(place, entry.LinkTarget, user, group, entry.ModifiedAt),
                        _ => false,
                    };
                }
            });
            return true;
        });
    }

    private static bool IsOfUse(string place) =>
        (
            place.StartsWith("usr/bin/", StringComparison.Ordinal)
            || place.StartsWith("usr/sbin/", StringComparison.Ordinal)
            || (place.StartsWith("usr/lib", StringComparison.Ordinal) && place.Contains(".so", StringComparison.Ordinal))
        ) && !place.Contains("/gconv/", StringComparison.Ordinal);
}

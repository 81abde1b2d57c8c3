using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Locks;

/// <summary><c>[[archive]]</c>, <c>[[package]]</c> and <c>[[build-package]]</c>.</summary>
internal sealed class DebianLockSection : ILockSection
{
    public void Write(TomlText text, RecipeLock locked)
    {
        foreach (var archive in locked.Archives)
        {
            text.ArrayHeader("archive")
                .Add("id", archive.Id)
                .Add("uri", archive.Uri)
                .Add("suite", archive.Suite)
                .Add("components", archive.Components)
                .Add("release-digest", archive.ReleaseDigest.ToString())
                .Add("release-date", archive.ReleaseDate)
                .Add("key", archive.Key)
                .Add("key-digest", archive.KeyDigest?.ToString());
        }

        foreach (var package in Sorted(locked.Packages))
        {
            WritePackage(text, "package", package);
        }

        foreach (var package in Sorted(locked.BuildPackages))
        {
            WritePackage(text, "build-package", package);
        }
    }

    public RecipeLock Read(TomlTableReader table, RecipeLock locked) =>
        locked with
        {
            Archives = ReadArchives(table.Tables("archive")),
            Packages = [.. table.Tables("package").Select(ReadPackage)],
            BuildPackages = [.. table.Tables("build-package").Select(ReadPackage)],
        };

    public IEnumerable<LockedVersion> Versions(RecipeLock locked)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var package in locked.Packages)
        {
            // Multi-Arch gives one name twice; the image's own architecture is the usual one.
            yield return new LockedVersion(
                names.Add(package.Name) ? package.Name : $"{package.Name}:{package.Architecture}",
                package.Version
            )
            {
                // Nobody numbers what is made again and again under one version.
                Sha256 = package.Path is null ? null : package.Sha256,
            };
        }

        foreach (var package in locked.BuildPackages)
        {
            yield return new LockedVersion($"{package.Name} (for builds)", package.Version);
        }
    }

    private static IEnumerable<LockedDebianPackage> Sorted(IEnumerable<LockedDebianPackage> packages) =>
        packages.OrderBy(package => package.Name, StringComparer.Ordinal).ThenBy(package => package.Architecture, StringComparer.Ordinal);

    private static void WritePackage(TomlText text, string path, LockedDebianPackage package)
    {
        text.ArrayHeader(path)
            .Add("name", package.Name)
            .Add("version", package.Version)
            .Add("architecture", package.Architecture)
            .Add("source", package.Source);
        if (package.SourceVersion is { } sourceVersion)
        {
            text.Add("source-version", sourceVersion);
        }

        (package.Path is { } file ? text.Add("path", file) : text.Add("archive", package.Archive).Add("filename", package.Filename))
            .Add("size", package.Size)
            .Add("sha256", package.Sha256.Hex)
            .Add("installed-size", package.InstalledSize);
        if (package.Essential)
        {
            text.Add("essential", true);
        }

        if (package.Requested)
        {
            text.Add("requested", true);
        }
    }

    private static List<LockedArchive> ReadArchives(IReadOnlyList<TomlTableReader> tables)
    {
        var archives = new List<LockedArchive>();
        foreach (var table in tables)
        {
            var archive = ReadArchive(table);
            if (archives.Exists(other => other.Id == archive.Id))
            {
                throw table.Wrong("id", $"two archives are called '{VisibleText.Of(archive.Id)}'", LockReader.Cure, LockCodes.Damaged);
            }

            archives.Add(archive);
        }

        return archives;
    }

    private static LockedArchive ReadArchive(TomlTableReader table)
    {
        var result = new LockedArchive
        {
            Id = table.RequiredText("id"),
            Uri = table.RequiredText("uri"),
            Suite = table.RequiredText("suite"),
            Components = table.Texts("components") ?? [],
            ReleaseDigest = LockReader.RequiredDigest(table, "release-digest"),
            ReleaseDate = LockReader.Required(table, "release-date"),
            Key = table.Text("key"),
            KeyDigest = table.Has("key-digest") ? LockReader.RequiredDigest(table, "key-digest") : null,
        };
        table.Finish();
        return result;
    }

    private static LockedDebianPackage ReadPackage(TomlTableReader table)
    {
        var path = table.Text("path");
        if (path is not null && !PackageFile.IsPath(path))
        {
            throw table.Wrong("path", $"'{VisibleText.Of(path)}' is not the path of a package file", LockReader.Cure, LockCodes.Damaged);
        }

        var result = new LockedDebianPackage
        {
            Name = table.RequiredText("name"),
            Version = table.RequiredText("version"),
            Architecture = table.RequiredText("architecture"),
            Source = table.RequiredText("source"),
            SourceVersion = table.Text("source-version"),
            Archive = path is null ? table.RequiredText("archive") : null,
            Path = path,
            Filename = path is null ? table.RequiredText("filename") : ArchivePath.Name(path),
            Size = LockReader.Required(table, "size"),
            Sha256 = LockReader.RequiredDigest(table, "sha256"),
            InstalledSize = LockReader.Required(table, "installed-size"),
            Essential = table.Flag("essential") ?? false,
            Requested = table.Flag("requested") ?? false,
        };
        table.Finish();
        if (result.Filename.StartsWith('/') || result.Filename.Split('/').Contains(".."))
        {
            throw table.Wrong("filename", $"'{result.Filename}' leaves the archive", LockReader.Cure, LockCodes.Damaged);
        }

        return result;
    }
}

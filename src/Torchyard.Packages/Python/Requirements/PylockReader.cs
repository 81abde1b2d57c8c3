using System.Globalization;
using Torchyard.Packages.Errors;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Sources;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>Takes a <c>pylock.toml</c> (PEP 751; packaging.python.org, "pylock.toml specification") as the answer it is.</summary>
public static class PylockReader
{
    private const int SizeLimit = 64 << 20;

    /// <summary>Reads the file and chooses each package's wheel for the interpreter.</summary>
    /// <param name="file">Path as the recipe has it.</param>
    /// <param name="files">The recipe's files.</param>
    /// <param name="target">The image's interpreter.</param>
    /// <param name="python">Its full version.</param>
    /// <returns>The lock, and the sources of those packages that have no fitting wheel and must be built, by name; their wheels are not
    /// known yet.</returns>
    /// <exception cref="TorchyardException">TY2515 with file, line and reason; TY2513 when a package has neither a fitting wheel nor a
    /// source.</exception>
    public static (LockedPython Locked, IReadOnlyDictionary<string, SourceReference> Sources) Read(
        string file,
        ProjectFiles files,
        InterpreterTarget target,
        PythonVersion python
    )
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(python);
        var directory = files.Directory;
        var document = OpenKnown(file, files);
        var environment = MarkerEnvironment.CPythonOnLinux(python, target.Machine);
        CheckEnvironment(document, file, environment, python);
        var tags = new SupportedTags(target);
        var packages = new List<LockedPythonPackage>();
        var indexes = new List<LockedPythonIndex>();
        var sources = new Dictionary<string, SourceReference>(StringComparer.Ordinal);
        foreach (var table in Tables(document, "packages", file))
        {
            if (Applies(table, "marker", file, environment))
            {
                packages.Add(ReadPackage(table, file, directory, tags, indexes, sources));
            }
        }

        if (packages.GroupBy(p => p.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw Wrong(Place(file, document), $"{twice.Key} is there {twice.Count()} times for this interpreter");
        }

        var locked = new LockedPython
        {
            Interpreter = environment.PythonVersion,
            Resolver = Text(document, "created-by", file) is { } tool ? $"pylock.toml by {tool}" : "pylock.toml",
            Indexes = indexes,
            Packages = [.. packages.OrderBy(p => p.Name, StringComparer.Ordinal)],
        };
        return (locked, sources);
    }

    /// <summary>True when packages of the file are to be built from repositories.</summary>
    /// <param name="file">Path as the recipe has it.</param>
    /// <param name="files">The recipe's files.</param>
    /// <exception cref="TorchyardException">TY2515.</exception>
    public static bool HasRepositories(string file, ProjectFiles files) =>
        Tables(OpenKnown(file, files), "packages", file).Any(package => Table(package, "vcs", file) is not null);

    /// <summary>Which Python a file is for.</summary>
    /// <param name="file">Path as the recipe has it.</param>
    /// <param name="files">The recipe's files.</param>
    /// <param name="minors">CPython 3 releases to try, best first.</param>
    /// <returns>Its <c>requires-python</c>, and the first of the releases that every package has a wheel or a source for; null for none.
    /// </returns>
    /// <exception cref="TorchyardException">TY2515.</exception>
    public static (string? Requires, int? Minor) PythonOf(string file, ProjectFiles files, IReadOnlyList<int> minors)
    {
        ArgumentNullException.ThrowIfNull(minors);
        var document = OpenKnown(file, files);
        var packages = Tables(document, "packages", file)
            .Where(package => Table(package, "sdist", file) is null && Table(package, "vcs", file) is null)
            .Select(package => Tables(package, "wheels", file).Select(wheel => WheelName(wheel, file)).ToList())
            .Where(wheels => wheels.Count > 0)
            .ToList();
        var found = minors.FirstOrDefault(minor =>
            packages.TrueForAll(wheels => wheels.Exists(wheel => wheel.Tags.Any(tag => IsFor(tag, minor))))
        );
        return (Text(document, "requires-python", file), found == 0 ? null : found);
    }

    // "py3-none-any", "cp311-cp311-…", "cp39-abi3-…".
    private static bool IsFor(WheelTag tag, int minor) =>
        tag.Python == "py3"
        || tag.Python == $"cp3{minor}"
        || tag.Python == $"py3{minor}"
        || (
            tag.Abi == "abi3"
            && tag.Python.StartsWith("cp3", StringComparison.Ordinal)
            && int.TryParse(tag.Python.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            && from <= minor
        );

    /// <summary>The document, with everything checked that needs no interpreter to be known.</summary>
    private static TomlTable OpenKnown(string file, ProjectFiles files)
    {
        var document = Open(file, files);
        var version = Text(document, "lock-version", file) ?? "";
        if (!version.StartsWith("1.", StringComparison.Ordinal))
        {
            throw Wrong(Place(file, document), $"lock-version is '{version}', known is 1.x");
        }

        foreach (var package in Tables(document, "packages", file))
        {
            if (!ProjectName.TryParse(Text(package, "name", file), out _))
            {
                throw Wrong(Place(file, package), "a package has no proper name");
            }

            foreach (var wheel in Tables(package, "wheels", file))
            {
                WheelName(wheel, file);
            }
        }

        return document;
    }

    /// <summary>What a pylock.toml wants from the machine: indexes and hosts of its own, repositories, files outside the project.</summary>
    internal static IEnumerable<(WishKind Kind, string What)> Places(string file, ProjectFiles files)
    {
        foreach (var package in Tables(OpenKnown(file, files), "packages", file))
        {
            var index = Text(package, "index", file);
            if (index is not null)
            {
                yield return (WishKind.Index, index);
            }

            if (Table(package, "vcs", file) is { } vcs)
            {
                yield return (WishKind.Repository, Text(vcs, "url", file) ?? Text(vcs, "path", file) ?? "");
            }

            IEnumerable<TomlTable?> fetched =
            [
                .. Tables(package, "wheels", file),
                Table(package, "archive", file),
                Table(package, "sdist", file),
            ];
            foreach (var one in fetched.OfType<TomlTable>())
            {
                // The path counts for a wheel without URL, and before the URL for an archive: both are looked at.
                if (Text(one, "path", file) is { } path)
                {
                    yield return (WishKind.File, path);
                }

                if (Text(one, "url", file) is { } url)
                {
                    yield return (WishKind.Download, url);
                }
            }
        }
    }

    private static TomlTable Open(string file, ProjectFiles files)
    {
        try
        {
            return TomlDocument.Parse(files.Read(file, SizeLimit), file, "TY2515", "export the lock again");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Wrong(null, $"'{file}' is not a file, or larger than 64 MiB");
        }
    }

    private static void CheckEnvironment(TomlTable document, string file, MarkerEnvironment environment, PythonVersion python)
    {
        if (
            Text(document, "requires-python", file) is { } requires
            && (!VersionSpecifierSet.TryParse(requires, out var versions) || !versions.Contains(python, preReleases: true))
        )
        {
            throw Wrong(Place(file, document), $"it is for Python {requires}, the image has {python}");
        }

        var environments = Array(document, "environments", file).OfType<TomlString>().ToList();
        if (
            environments.Count > 0
            && !environments.Any(e => Marker.TryParse(e.Value, out var marker, out _) && marker.Evaluate(environment))
        )
        {
            throw Wrong(Place(file, environments[0]), "none of its environments is the image's");
        }
    }

    private static LockedPythonPackage ReadPackage(
        TomlTable table,
        string file,
        string directory,
        SupportedTags tags,
        List<LockedPythonIndex> indexes,
        Dictionary<string, SourceReference> sources
    )
    {
        var place = Place(file, table);
        if (!ProjectName.TryParse(Text(table, "name", file), out var name))
        {
            throw Wrong(place, "a package has no proper name");
        }

        var candidates = Tables(table, "wheels", file)
            .Select(w => (Table: w, Name: WheelName(w, file)))
            .Where(c => tags.Rank(c.Name) is not null)
            .OrderBy(c => tags.Rank(c.Name))
            .ToList();
        if (candidates.Count == 0)
        {
            // An "archive" may be a wheel too, when it was asked for by path or URL.
            if (Table(table, "archive", file) is { } archive && TryWheelName(archive, file) is { } only && tags.Rank(only) is not null)
            {
                candidates.Add((archive, only));
            }
            else
            {
                sources[name.Normal] = Source(table, file, directory)
                    ?? throw new TorchyardException(
                        PackageCodes.NoWheelFits,
                        $"{place}: {name} has neither a wheel that fits the image's interpreter nor a source to build one from",
                        "lock again for this interpreter"
                    )
                    {
                        Location = place,
                    };
                return Described(table, file, name, sources[name.Normal].IsFromIndex ? indexes : null);
            }
        }

        var (wheel, filename) = candidates[0];
        var hashes = Table(wheel, "hashes", file);
        if (hashes is null || !Digest.TryParse(Text(hashes, "sha256", file)?.ToLowerInvariant(), out var sha256))
        {
            throw Wrong(Place(file, wheel), $"{filename.Text} has no sha256");
        }

        var url = Text(wheel, "url", file);
        var path = url is null ? Text(wheel, "path", file) : null;
        var size =
            Find(wheel, "size") is TomlInteger { Value: > 0 } bytes ? bytes.Value
            : path is not null && File.Exists(Path.GetFullPath(path, directory)) ? new FileInfo(Path.GetFullPath(path, directory)).Length
            : throw Wrong(Place(file, wheel), $"{filename.Text} has no size");
        var described = Described(table, file, name, indexes);
        return described with
        {
            Version = described.Version.Length > 0 ? described.Version : filename.Version,
            Filename = filename.Text,
            Size = size,
            Sha256 = sha256,
            Url = described.Index is null ? url : null,
            Path = path,
        };
    }

    /// <summary>A package without its wheel.</summary>
    private static LockedPythonPackage Described(TomlTable table, string file, ProjectName name, List<LockedPythonIndex>? indexes)
    {
        var index = Text(table, "index", file);
        return new LockedPythonPackage
        {
            Name = name.Normal,
            Version = Text(table, "version", file) ?? "",
            Filename = "",
            Size = 0,
            Sha256 = default,
            Index = index is null || indexes is null ? null : IndexId(index, indexes, Place(file, Find(table, "index")!)),
            RequiresPython = Text(table, "requires-python", file),
            Requires =
            [
                .. Tables(table, "dependencies", file)
                    .Select(d => ProjectName.TryParse(Text(d, "name", file), out var n) ? n.Normal : null)
                    .OfType<string>()
                    .Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal),
            ],
        };
    }

    /// <summary>
    /// What the wheel of a package can be built from: a commit, an archive that was asked for, or the source distribution of an index.
    /// </summary>
    private static SourceReference? Source(TomlTable table, string file, string directory)
    {
        if (Table(table, "vcs", file) is { } vcs)
        {
            var commit = Text(vcs, "commit-id", file) ?? "";
            var repository = Text(vcs, "url", file)
                ?? (Text(vcs, "path", file) is { } local ? new Uri(Path.GetFullPath(local, directory)).AbsoluteUri : "");
            return GitUrl.IsCommit(commit)
                ? GitUrl.Parse($"{Text(vcs, "type", file)}+{repository}", Place(file, vcs)) with
                {
                    Commit = commit,
                    Revision = Text(vcs, "requested-revision", file),
                    Subdirectory = Subdirectory(vcs, file),
                }
                : throw Wrong(Place(file, vcs), "its commit-id is not a full hash of a commit");
        }

        var asked = Table(table, "archive", file);
        if ((asked ?? Table(table, "sdist", file)) is not { } archive)
        {
            return null;
        }

        var path = Text(archive, "path", file);
        var url = path is null ? Text(archive, "url", file) : null;
        var name = (Text(archive, "name", file) ?? path ?? url?.Split('#', '?')[0] ?? "").Split('/')[^1];
        return
            Table(archive, "hashes", file) is { } hashes
            && Digest.TryParse(Text(hashes, "sha256", file)?.ToLowerInvariant(), out var sha256)
            && LockedSource.IsArchiveName(name)
            && UrlText.TryRead(url ?? Path.GetFullPath(path ?? name, directory), out var place)
            ? new SourceReference
            {
                Url = place,
                Filename = Uri.UnescapeDataString(name),
                Sha256 = sha256,
                Size = Find(archive, "size") is TomlInteger { Value: > 0 } bytes ? bytes.Value : null,
                Path = path,
                Subdirectory = Subdirectory(archive, file),
                IsFromIndex = asked is null && path is null && Text(table, "index", file) is not null,
            }
            : throw Wrong(Place(file, archive), "its archive has no sha256, or a name or address that cannot be used");
    }

    private static string? Subdirectory(TomlTable table, string file) =>
        Text(table, "subdirectory", file) is { } named ? GitUrl.Subdirectory("subdirectory=" + named, named, Place(file, table)) : null;

    private static string IndexId(string url, List<LockedPythonIndex> indexes, SourceLocation place)
    {
        var canonical = url.EndsWith('/') ? url : url + "/";
        if (indexes.FirstOrDefault(i => i.Url == canonical) is { } known)
        {
            return known.Id;
        }

        if (!UrlText.TryRead(canonical, out var address) || address.Scheme is not ("https" or "http" or "file"))
        {
            throw Wrong(place, $"index '{url}' is not the URL of an index");
        }

        var id = canonical == Indexes.PythonIndexes.PyPI ? "pypi" : $"{address.Host}-{indexes.Count}";
        indexes.Add(new LockedPythonIndex(id, canonical));
        return id;
    }

    private static WheelFileName WheelName(TomlTable wheel, string file) =>
        TryWheelName(wheel, file) ?? throw Wrong(Place(file, wheel), "a wheel has no proper file name");

    private static WheelFileName? TryWheelName(TomlTable wheel, string file)
    {
        var source = Text(wheel, "name", file) ?? Text(wheel, "path", file) ?? Text(wheel, "url", file)?.Split('#', '?')[0];
        return WheelFileName.TryParse(source is null ? null : Uri.UnescapeDataString(source[(source.LastIndexOf('/') + 1)..]), out var name)
            ? name
            : null;
    }

    private static bool Applies(TomlTable table, string key, string file, MarkerEnvironment environment)
    {
        if (Text(table, key, file) is not { } text)
        {
            return true;
        }

        return Marker.TryParse(text, out var marker, out var error)
            ? marker.Evaluate(environment)
            : throw Wrong(Place(file, table), $"'{text}' is not a marker: {error}");
    }

    private static TomlNode? Find(TomlTable table, string key) => table.Entries.TryGetValue(key, out var entry) ? entry.Value : null;

    private static string? Text(TomlTable table, string key, string file) =>
        Find(table, key) switch
        {
            null => null,
            TomlString text => text.Value,
            var other => throw Wrong(Place(file, other), $"{key} is {other.Kind}, not a text"),
        };

    private static List<TomlNode> Array(TomlTable table, string key, string file) =>
        Find(table, key) switch
        {
            null => [],
            TomlArray array => array.Items,
            var other => throw Wrong(Place(file, other), $"{key} is {other.Kind}, not a list"),
        };

    private static TomlTable? Table(TomlTable table, string key, string file) =>
        Find(table, key) switch
        {
            null => null,
            TomlTable inner => inner,
            var other => throw Wrong(Place(file, other), $"{key} is {other.Kind}, not a table"),
        };

    private static IEnumerable<TomlTable> Tables(TomlTable table, string key, string file) =>
        Array(table, key, file)
            .Select(node => node as TomlTable ?? throw Wrong(Place(file, node), $"{key} holds {node.Kind}, not a table"));

    private static SourceLocation Place(string file, TomlNode node) => new(file, node.Line, node.Column);

    private static TorchyardException Wrong(SourceLocation? place, string why) =>
        new(
            "TY2515",
            place is null ? why : $"{place}: {why}",
            "export the lock again with the tool that made it (uv export --format pylock.toml, pdm export, pip lock)"
        )
        {
            Location = place,
            IsUsage = true,
        };
}

using System.Security.Cryptography;
using System.Text;
using Torchyard.Images.Errors;
using Torchyard.Images.Files;
using Torchyard.Images.Tar;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Packages;

/// <summary>Unpacks one package below a directory, as <c>dpkg --unpack</c> would, with its part of dpkg's database.</summary>
internal static class PackageUnpacker
{
    internal const string InfoDirectory = "var/lib/dpkg/info";

    // What a package may unpack to beyond its Installed-Size, which its maintainers only estimate.
    private const long Slack = 1L << 30;

    /// <summary>Directories of the root that are links to those of the same name below <c>usr</c>.</summary>
    internal static readonly string[] MergedDirectories = ["bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32"];

    /// <summary>Reads the control part alone, and checks that it is the package that the lock names.</summary>
    internal static (ControlParagraph Control, SortedDictionary<string, ControlFile> Files) ReadControl(
        DebArchive archive,
        LockedDebianPackage package
    )
    {
        var files = archive.ReadControl();
        return (ControlOf(files, package, archive.Label), files);
    }

    /// <summary>The control paragraph among the files of a control part, checked to be that of the package that the lock names.</summary>
    internal static ControlParagraph ControlOf(SortedDictionary<string, ControlFile> files, LockedDebianPackage package, string label)
    {
        var control = ControlParagraph.Parse(files["control"].Text) ?? throw ImageErrors.BadArchive(label, "its control file is malformed");
        return
            control["Package"] == package.Name && control["Version"] == package.Version && control["Architecture"] == package.Architecture
            ? control
            : throw ImageErrors.BadArchive(label, $"it says it is {control["Package"]} {control["Version"]} {control["Architecture"]}");
    }

    /// <summary>Unpacks a package.</summary>
    /// <param name="path">The .deb.</param>
    /// <param name="package">What the lock says of it.</param>
    /// <param name="root">Where to.</param>
    /// <param name="aside">
    /// A directory on the same file system, made when it is needed: gets what finds its place taken in <paramref name="root"/>, under the
    /// same path.
    /// </param>
    /// <param name="cancellation">Ends the work between entries.</param>
    internal static UnpackedPackage Unpack(
        string path,
        LockedDebianPackage package,
        RootDirectory root,
        string aside,
        CancellationToken cancellation
    )
    {
        var unpacked = LockedPackageFile.Read(path, package, whole: true, archive =>
            UnpackArchive(archive, package, root, aside, cancellation)
        );
        return unpacked with { Entries = [.. unpacked.Entries, .. WriteInfo(root, unpacked)] };
    }

    private static UnpackedPackage UnpackArchive(
        DebArchive archive,
        LockedDebianPackage package,
        RootDirectory root,
        string aside,
        CancellationToken cancellation
    )
    {
        var label = archive.Label;
        var (control, files) = ReadControl(archive, package);
        var conffiles = Conffiles(files);
        var hashAll = !files.ContainsKey("md5sums");
        var entries = new List<ArchivedEntry>();
        var listed = new List<string>();
        var links = new List<string>();
        var sums = new Dictionary<string, string>(StringComparer.Ordinal);
        using var places = new PackagePlaces(label, root, aside);
        archive.ReadData(Slack + 4 * package.InstalledSize, (entry, reader) =>
        {
            cancellation.ThrowIfCancellationRequested();
            var name = Normalise(label, entry.Name);
            (entry.Kind == TarKind.Symlink ? links : listed).Add(name);
            if (Archived(label, entry) is not { } archived)
            {
                return;
            }

            using var hash = entry.Kind == TarKind.File && (hashAll || conffiles.Contains("/" + name)) ? NewMd5() : null;
            if (!places.TryWrite(archived, reader, hash, out var repeats))
            {
                return;
            }

            if (repeats)
            {
                entries.RemoveAll(former => former.Listed == name);
            }

            entries.Add(archived);
            if (hash is not null)
            {
                sums[name] = Convert.ToHexStringLower(hash.GetHashAndReset());
            }
            else if (entry.Kind == TarKind.HardLink && sums.TryGetValue(archived.ListedTarget, out var sum))
            {
                sums[name] = sum;
            }
        });

        // dpkg unpacks symbolic links after everything else (lib/dpkg/tarfn.c, tar_extractor), and lists them so.
        listed.AddRange(links);
        if (hashAll)
        {
            // As dpkg does for a package without sums (lib/dpkg/db-fsys-digest.c, write_filehash_except): conffiles and further names too,
            // and an empty file when there is nothing.
            var text = string.Concat(listed.Where(sums.ContainsKey).Select(name => $"{sums[name]}  {name}\n"));
            files["md5sums"] = new ControlFile(Encoding.UTF8.GetBytes(text), Executable: false, files["control"].ModifiedAt);
        }

        return new UnpackedPackage
        {
            Package = package,
            Control = control,
            ControlFiles = files,
            Entries = [.. entries.Select(archived => archived.Entry)],
            Archive = InOrder(entries),
            Aside = places.Aside,
            HasTakenSums = hashAll,
            ListedPaths = listed,
            ConffileHashes = sums.Where(pair => conffiles.Contains("/" + pair.Key))
                .ToDictionary(pair => "/" + pair.Key, pair => pair.Value, StringComparer.Ordinal),
        };
    }

    /// <summary>The entries of a package, without their content.</summary>
    internal static IReadOnlyList<ArchivedEntry> ReadEntries(string path, LockedDebianPackage package) =>
        LockedPackageFile.Read(path, package, whole: false, archive =>
        {
            var entries = new List<ArchivedEntry>();
            archive.ReadData(Slack + 4 * package.InstalledSize, (entry, _) =>
            {
                if (Archived(archive.Label, entry) is { } archived)
                {
                    entries.Add(archived);
                }
            });
            return InOrder(entries);
        });

    /// <summary>Entries in the order in which dpkg unpacks them; of those with one name the one that counts.</summary>
    private static List<ArchivedEntry> InOrder(List<ArchivedEntry> entries)
    {
        var last = new Dictionary<string, int>(entries.Count, StringComparer.Ordinal);
        var ordered = new List<ArchivedEntry>(entries.Count);
        ordered.AddRange(entries.Where(archived => archived.Entry.Kind != TarKind.Symlink));
        ordered.AddRange(entries.Where(archived => archived.Entry.Kind == TarKind.Symlink));
        for (var index = 0; index < ordered.Count; index++)
        {
            last[ordered[index].Listed] = index;
        }

        return last.Count == ordered.Count ? ordered : [.. ordered.Where((archived, index) => last[archived.Listed] == index)];
    }

    /// <summary>Writes some entries of a package again, anywhere; their content is not held in memory.</summary>
    /// <param name="path">The .deb.</param>
    /// <param name="package">What the lock says of it.</param>
    /// <param name="wanted">Where to write the entry of each place; no hard links.</param>
    /// <param name="root">What the targets are below.</param>
    internal static void WriteEntries(
        string path,
        LockedDebianPackage package,
        IReadOnlyDictionary<string, string> wanted,
        RootDirectory root
    ) => LockedPackageFile.Read(path, package, whole: false, archive =>
        {
            archive.ReadData(Slack + 4 * package.InstalledSize, (entry, reader) =>
            {
                if (
                    entry.Kind != TarKind.HardLink
                    && Archived(archive.Label, entry) is { } archived
                    && wanted.TryGetValue(archived.Entry.Name, out var target)
                )
                {
                    // Of two entries with one name, the one that counts comes last or is a link.
                    if (root.TryStat(target, out var former))
                    {
                        if (former.Type == FileKind.Link && entry.Kind != TarKind.Symlink)
                        {
                            return;
                        }

                        root.RemoveTree(target);
                    }

                    Write(root, archived.Entry with { Name = target }, reader, hash: null);
                }
            });
            return true;
        });

    private static ArchivedEntry? Archived(string label, TarEntry entry)
    {
        var name = Normalise(label, entry.Name);
        if (Placed(name, entry.Kind) is not { } placed)
        {
            return null;
        }

        var target = entry.Kind == TarKind.HardLink ? Normalise(label, entry.LinkTarget) : "";
        return new ArchivedEntry(
            name,
            target,
            entry with
            {
                Name = placed,
                LinkTarget = target.Length > 0 ? Placed(target, TarKind.File)! : entry.LinkTarget,
            }
        );
    }

    /// <summary>What <see cref="Unpack"/> gave, for a package that lies unpacked in a finished layer; without entries.</summary>
    /// <param name="path">The .deb.</param>
    /// <param name="package">What the lock says of it.</param>
    /// <param name="layer">The finished layer.</param>
    /// <param name="contended">Places of the layer that may have another package's file.</param>
    internal static UnpackedPackage Load(string path, LockedDebianPackage package, RootDirectory layer, IReadOnlySet<string> contended)
    {
        var (control, files) = LockedPackageFile.Read(path, package, whole: false, archive => ReadControl(archive, package));
        var unpacked = new UnpackedPackage
        {
            Package = package,
            Control = control,
            ControlFiles = files,
            Entries = [],
            Archive = [],
            HasTakenSums = !files.ContainsKey("md5sums"),
            ListedPaths = [],
            ConffileHashes = new Dictionary<string, string>(),
        };
        using var list = new StreamReader(layer.OpenFile($"{InfoDirectory}/{unpacked.InfoName}.list"));
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        var elsewhere = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var conffile in Conffiles(files))
        {
            if (Placed(conffile[1..], TarKind.File) is not { } placed)
            {
                continue;
            }

            if (contended.Count > 0 && ArchivePath.IsAtOrBelow(placed, contended))
            {
                elsewhere[placed] = conffile;
            }
            else if (layer.TryStat(placed, out var stat) && stat.Type == FileKind.Regular)
            {
                using var content = layer.OpenFile(placed);
                hashes[conffile] = HashOf(content.Read);
            }
        }

        if (elsewhere.Count > 0)
        {
            LockedPackageFile.Read(path, package, whole: false, archive =>
            {
                archive.ReadData(Slack + 4 * package.InstalledSize, (entry, reader) =>
                {
                    if (
                        entry.Kind == TarKind.File
                        && PlaceOf(archive.Label, entry) is { } place
                        && elsewhere.TryGetValue(place, out var conffile)
                    )
                    {
                        hashes[conffile] = HashOf(reader.Read);
                    }
                });
                return true;
            });
        }

        return unpacked with
        {
            ListedPaths =
            [
                .. list.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line is "/." ? "" : line[1..]),
            ],
            ConffileHashes = hashes,
        };

        static string HashOf(ContentReader content)
        {
            using var hash = NewMd5();
            var buffer = new byte[64 * 1024];
            for (var count = content(buffer); count > 0; count = content(buffer))
            {
                hash.AppendData(buffer, 0, count);
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    /// <summary>Conffiles that the package itself ships.</summary>
    internal static HashSet<string> Conffiles(SortedDictionary<string, ControlFile> files) =>
        ConffileLines(files).Where(line => line.StartsWith('/')).ToHashSet(StringComparer.Ordinal);

    /// <summary>Conffiles of earlier versions, with the flag <c>remove-on-upgrade</c> (deb-conffiles(5)).</summary>
    internal static IEnumerable<string> RemovedConffiles(SortedDictionary<string, ControlFile> files)
    {
        const string Flag = "remove-on-upgrade ";
        return ConffileLines(files)
            .Where(line => line.StartsWith(Flag, StringComparison.Ordinal))
            .Select(line => line[Flag.Length..].TrimStart());
    }

    private static string[] ConffileLines(SortedDictionary<string, ControlFile> files) =>
        files.TryGetValue("conffiles", out var list)
            ? list.Text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            : [];

    // dpkg's database identifies conffiles by MD5 (deb-md5sums(5)); nothing is trusted because of it.
#pragma warning disable CA5351
    private static IncrementalHash NewMd5() => IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351

    /// <summary>True for the name of a directory that is a link to one below /usr.</summary>
    internal static bool IsMergedDirectory(string path) => Array.IndexOf(MergedDirectories, path) >= 0;

    /// <summary>Where a file of a package's list lies in a root with merged /usr.</summary>
    internal static string PlaceOf(string listed) => Placed(listed, TarKind.File)!;

    /// <summary>Reads one file of a package again.</summary>
    /// <param name="path">The .deb.</param>
    /// <param name="package">What the lock says of it.</param>
    /// <param name="place">Its place; see <see cref="PlaceOf(string)"/>.</param>
    internal static byte[] ReadFile(string path, LockedDebianPackage package, string place) =>
        LockedPackageFile.Read(path, package, whole: false, archive =>
        {
            byte[]? found = null;
            archive.ReadData(Slack + 4 * package.InstalledSize, (entry, reader) =>
            {
                if (found is not null || entry.Kind != TarKind.File || PlaceOf(archive.Label, entry) != place)
                {
                    return;
                }

                found = new byte[entry.Size];
                for (var filled = 0; filled < found.Length; )
                {
                    filled += reader.Read(found.AsSpan(filled));
                }
            });
            return found ?? throw ImageErrors.BadArchive(archive.Label, $"it has no {place}");
        });

    /// <summary>Where an entry goes in a root with merged /usr; null for a directory that is a link there.</summary>
    internal static string? PlaceOf(string label, TarEntry entry) => Placed(Normalise(label, entry.Name), entry.Kind);

    private static string Normalise(string label, string name) =>
        ArchivePath.TryNormalise(name, out var path) ? path : throw ImageErrors.UnsafeName(label, name, "leads out of the root");

    /// <summary>
    /// Where an entry goes in a root with merged /usr: <c>lib/x</c> to <c>usr/lib/x</c>, since <c>/lib</c> is a link to <c>usr/lib</c>.
    /// Null for a directory entry of such a link's own name.
    /// </summary>
    private static string? Placed(string name, TarKind kind)
    {
        var slash = name.IndexOf('/');
        var top = slash < 0 ? name : name[..slash];
        if (Array.IndexOf(MergedDirectories, top) < 0)
        {
            return name;
        }

        return slash >= 0 ? "usr/" + name
            : kind == TarKind.Directory ? null
            : name;
    }

    /// <summary>Writes an entry of an archive; false when something has its name.</summary>
    internal static bool Write(RootDirectory root, TarEntry entry, TarReader reader, IncrementalHash? hash) => Write(root, entry, buffer =>
        {
            var count = reader.Read(buffer);
            hash?.AppendData(buffer[..count]);
            return count;
        });

    /// <summary>Writes an entry, not a hard link, with content from elsewhere; false when something has its name.</summary>
    internal static bool Write(RootDirectory root, TarEntry entry, ContentReader content)
    {
        var made = entry.Kind switch
        {
            TarKind.Directory => root.MakeDirectory(entry.Name),
            TarKind.File => root.MakeFile(entry.Name, entry.Mode, entry.User, entry.Group, entry.ModifiedAt, content),
            TarKind.Symlink => root.MakeSymlink(entry.Name, entry.LinkTarget, entry.User, entry.Group, entry.ModifiedAt),
            TarKind.CharacterDevice => Node(root, entry, FileKind.Character),
            TarKind.BlockDevice => Node(root, entry, FileKind.Block),
            TarKind.Fifo => Node(root, entry, FileKind.Fifo),
            _ => throw new InvalidOperationException(entry.Kind.ToString()),
        };
        if (made)
        {
            foreach (var (name, value) in entry.Xattrs.Where(attribute => Torchyard.Images.Layers.OverlayEntry.IsCarried(attribute.Key)))
            {
                root.SetXattr(entry.Name, name, value);
            }
        }

        return made;
    }

    private static bool Node(RootDirectory root, TarEntry entry, uint type) =>
        root.MakeNode(entry.Name, type, entry.Mode, entry.DeviceMajor, entry.DeviceMinor, entry.User, entry.Group, entry.ModifiedAt);

    /// <summary>Writes info/NAME.* as dpkg names them; returns their entries.</summary>
    private static List<TarEntry> WriteInfo(RootDirectory root, UnpackedPackage package)
    {
        var entries = new List<TarEntry>();
        foreach (var parent in new[] { "var", "var/lib", "var/lib/dpkg", InfoDirectory })
        {
            entries.Add(
                new TarEntry
                {
                    Name = parent,
                    Kind = TarKind.Directory,
                    Mode = FileModes.Directory,
                }
            );
        }

        var modifiedAt = package.ControlFiles["control"].ModifiedAt;
        var list = new StringBuilder();
        foreach (var path in package.ListedPaths)
        {
            list.Append('/').Append(path.Length == 0 ? "." : path).Append('\n');
        }

        Add("list", Encoding.UTF8.GetBytes(list.ToString()), executable: false);
        foreach (var (name, file) in package.ControlFiles.Where(pair => pair.Key != "control"))
        {
            Add(name, file.Content, file.Executable);
        }

        return entries;

        void Add(string name, byte[] content, bool executable)
        {
            var path = $"{InfoDirectory}/{package.InfoName}.{name}";
            var mode = executable ? FileModes.Executable : FileModes.Readable;
            var source = new MemoryStream(content);
            if (!root.MakeFile(path, mode, 0, 0, modifiedAt, source.Read))
            {
                throw ImageErrors.UnsafeName(package.Package.Name, path, "belongs to dpkg's own database");
            }

            entries.Add(
                new TarEntry
                {
                    Name = path,
                    Kind = TarKind.File,
                    Mode = mode,
                    Size = content.Length,
                    ModifiedAt = modifiedAt,
                }
            );
        }
    }
}

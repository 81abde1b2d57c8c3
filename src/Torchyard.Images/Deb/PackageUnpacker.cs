using System.Security.Cryptography;
using System.Text;
using Torchyard.Images.Files;
using Torchyard.Images.Tar;
using Torchyard.Recipes;

namespace Torchyard.Images.Deb;

/// <summary>Unpacks one package below a directory, as <c>dpkg --unpack</c> would, with its part of dpkg's database.</summary>
internal static class PackageUnpacker
{
    internal const string InfoDirectory = "var/lib/dpkg/info";

    // What a package may unpack to beyond its Installed-Size, which its maintainers only estimate.
    private const long Slack = 1L << 30;

    private static readonly string[] MergedDirectories = ["bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32"];

    /// <summary>Reads the control part alone, and checks that it is the package that the lock names.</summary>
    internal static (ControlParagraph Control, SortedDictionary<string, ControlFile> Files) ReadControl(DebArchive archive, LockedDebianPackage package)
    {
        var files = archive.ReadControl();
        var control = ControlParagraph.Parse(files["control"].Text) ?? throw ImageErrors.BadArchive(archive.Label, "its control file is malformed");
        return control["Package"] == package.Name && control["Version"] == package.Version && control["Architecture"] == package.Architecture
            ? (control, files)
            : throw ImageErrors.BadArchive(archive.Label, $"it says it is {control["Package"]} {control["Version"]} {control["Architecture"]}");
    }

    /// <summary>Unpacks a package.</summary>
    /// <param name="path">The .deb.</param>
    /// <param name="package">What the lock says of it.</param>
    /// <param name="root">Where to.</param>
    /// <param name="collided">Gets paths that something else already had; the caller says whose they are.</param>
    /// <param name="cancellation">Ends the work between entries.</param>
    internal static UnpackedPackage Unpack(
        string path, LockedDebianPackage package, RootDirectory root, ICollection<string> collided, CancellationToken cancellation)
    {
        var unpacked = LockedPackageFile.Read(path, package, whole: true, archive => UnpackArchive(archive, package, root, collided, cancellation));
        return unpacked with { Entries = [.. unpacked.Entries, .. WriteInfo(root, unpacked)] };
    }

    private static UnpackedPackage UnpackArchive(
        DebArchive archive, LockedDebianPackage package, RootDirectory root, ICollection<string> collided, CancellationToken cancellation)
    {
        var label = archive.Label;
        var (control, files) = ReadControl(archive, package);
        var conffiles = Conffiles(files);
        var hashAll = !files.ContainsKey("md5sums");
        var entries = new List<TarEntry>();
        var listed = new List<string>();
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        var sums = new StringBuilder();
        try
        {
            archive.ReadData(Slack + 4 * package.InstalledSize, (entry, reader) =>
            {
                cancellation.ThrowIfCancellationRequested();
                var name = Normalise(label, entry.Name);
                listed.Add(name);
                var placed = Placed(name, entry.Kind);
                if (placed is null)
                {
                    return;
                }

                var kept = entry with
                {
                    Name = placed,
                    LinkTarget = entry.Kind == TarKind.HardLink ? Placed(Normalise(label, entry.LinkTarget), TarKind.File)! : entry.LinkTarget,
                };
                var isConffile = conffiles.Contains("/" + name);
                using var hash = entry.Kind == TarKind.File && (hashAll || isConffile) ? NewMd5() : null;
                if (!Write(root, kept, reader, hash))
                {
                    collided.Add(placed);
                    return;
                }

                entries.Add(kept);
                if (hash is not null)
                {
                    var sum = Convert.ToHexStringLower(hash.GetHashAndReset());
                    if (isConffile)
                    {
                        hashes["/" + name] = sum;
                    }
                    else
                    {
                        sums.Append(sum).Append("  ").Append(name).Append('\n');
                    }
                }
            });
        }
        catch (UnsafePathException failure)
        {
            throw ImageErrors.UnsafeName(label, failure.RelativePath, "leads through a link or a file");
        }

        if (hashAll && sums.Length > 0)
        {
            files["md5sums"] = new ControlFile(Encoding.UTF8.GetBytes(sums.ToString()), Executable: false, files["control"].ModifiedAt);
        }

        return new UnpackedPackage
        {
            Package = package,
            Control = control,
            ControlFiles = files,
            Entries = entries,
            ListedPaths = listed,
            ConffileHashes = hashes,
        };
    }

    /// <summary>What <see cref="Unpack"/> gave, for a package that lies unpacked in a finished layer; without entries.</summary>
    internal static UnpackedPackage Load(string path, LockedDebianPackage package, RootDirectory layer)
    {
        var (control, files) = LockedPackageFile.Read(path, package, whole: false, archive => ReadControl(archive, package));
        var unpacked = new UnpackedPackage
        {
            Package = package,
            Control = control,
            ControlFiles = files,
            Entries = [],
            ListedPaths = [],
            ConffileHashes = new Dictionary<string, string>(),
        };
        using var list = new StreamReader(layer.OpenFile($"{InfoDirectory}/{unpacked.InfoName}.list"));
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var conffile in Conffiles(files))
        {
            if (Placed(conffile[1..], TarKind.File) is { } placed && layer.TryStat(placed, out var stat) && stat.Type == Posix.TypeFile)
            {
                using var hash = NewMd5();
                using var content = layer.OpenFile(placed);
                hash.AppendData(ReadAll(content));
                hashes[conffile] = Convert.ToHexStringLower(hash.GetHashAndReset());
            }
        }

        return unpacked with
        {
            ListedPaths = [.. list.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line is "/." ? "" : line[1..])],
            ConffileHashes = hashes,
        };

        static byte[] ReadAll(Stream content)
        {
            using var memory = new MemoryStream();
            content.CopyTo(memory);
            return memory.ToArray();
        }
    }

    /// <summary>Conffiles that the package itself ships.</summary>
    internal static HashSet<string> Conffiles(SortedDictionary<string, ControlFile> files) =>
        ConffileLines(files).Where(line => line.StartsWith('/')).ToHashSet(StringComparer.Ordinal);

    /// <summary>Conffiles of earlier versions, with the flag <c>remove-on-upgrade</c> (deb-conffiles(5)).</summary>
    internal static IEnumerable<string> RemovedConffiles(SortedDictionary<string, ControlFile> files)
    {
        const string Flag = "remove-on-upgrade ";
        return ConffileLines(files).Where(line => line.StartsWith(Flag, StringComparison.Ordinal)).Select(line => line[Flag.Length..].TrimStart());
    }

    private static string[] ConffileLines(SortedDictionary<string, ControlFile> files) =>
        files.TryGetValue("conffiles", out var list) ? list.Text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [];

    // dpkg's database identifies conffiles by MD5 (deb-md5sums(5)); nothing is trusted because of it.
#pragma warning disable CA5351
    private static IncrementalHash NewMd5() => IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351

    /// <summary>Where a file of a package's list lies in a root with merged /usr.</summary>
    internal static string PlaceOf(string listed) => Placed(listed, TarKind.File)!;

    /// <summary>Reads one entry of a package again, for the few that two packages share.</summary>
    /// <param name="path">The .deb.</param>
    /// <param name="package">What the lock says of it.</param>
    /// <param name="place">Where the entry goes; see <see cref="PlaceOf(string)"/>.</param>
    internal static (TarEntry Entry, byte[] Content) ReadEntry(string path, LockedDebianPackage package, string place)
    {
        var (entry, content) = LockedPackageFile.Read(path, package, whole: false, archive =>
        {
            (TarEntry Entry, byte[] Content)? found = null;
            archive.ReadData(Slack + 4 * package.InstalledSize, (entry, reader) =>
            {
                if (found is not null || PlaceOf(archive.Label, entry) != place)
                {
                    return;
                }

                var bytes = new byte[entry.Kind == TarKind.File ? entry.Size : 0];
                for (var filled = 0; filled < bytes.Length;)
                {
                    filled += reader.Read(bytes.AsSpan(filled));
                }

                found = (entry with { Name = place }, bytes);
            });
            return found ?? throw ImageErrors.BadArchive(archive.Label, $"it has no {place}");
        });
        return entry.Kind == TarKind.HardLink && PlaceOf(ArchivePath.Name(package.Filename), entry with { Name = entry.LinkTarget, Kind = TarKind.File }) is { } target && target != place
            ? ReadEntry(path, package, target) is var (original, bytes) ? (original with { Name = place }, bytes) : default
            : (entry, content);
    }

    /// <summary>Writes a file or symbolic link that was read by <see cref="ReadEntry"/> to a place where nothing is.</summary>
    internal static void WriteEntry(RootDirectory root, TarEntry entry, byte[] content)
    {
        if (entry.Kind == TarKind.Symlink)
        {
            root.MakeSymlink(entry.Name, entry.LinkTarget, entry.User, entry.Group, entry.ModifiedAt);
        }
        else
        {
            root.MakeFile(entry.Name, entry.Mode, entry.User, entry.Group, entry.ModifiedAt, new MemoryStream(content).Read);
        }

        foreach (var (name, value) in entry.Xattrs)
        {
            root.SetXattr(entry.Name, name, value);
        }
    }

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

        return slash >= 0 ? "usr/" + name : kind == TarKind.Directory ? null : name;
    }

    private static bool Write(RootDirectory root, TarEntry entry, TarReader reader, IncrementalHash? hash)
    {
        var made = entry.Kind switch
        {
            TarKind.Directory => root.MakeDirectory(entry.Name),
            TarKind.File => root.MakeFile(entry.Name, entry.Mode, entry.User, entry.Group, entry.ModifiedAt, buffer =>
            {
                var count = reader.Read(buffer);
                hash?.AppendData(buffer[..count]);
                return count;
            }),
            TarKind.Symlink => root.MakeSymlink(entry.Name, entry.LinkTarget, entry.User, entry.Group, entry.ModifiedAt),
            TarKind.HardLink => root.MakeHardLink(entry.Name, entry.LinkTarget),
            TarKind.CharacterDevice => Node(root, entry, Posix.TypeCharacter),
            TarKind.BlockDevice => Node(root, entry, Posix.TypeBlock),
            TarKind.Fifo => Node(root, entry, Posix.TypeFifo),
            _ => throw new InvalidOperationException(entry.Kind.ToString()),
        };
        if (made)
        {
            foreach (var (name, value) in entry.Xattrs)
            {
                root.SetXattr(entry.Name, name, value);
            }
        }

        return made;
    }

    private static bool Node(RootDirectory root, TarEntry entry, uint type) => root.MakeNode(
        entry.Name, type, entry.Mode, entry.DeviceMajor, entry.DeviceMinor, entry.User, entry.Group, entry.ModifiedAt);

    /// <summary>Writes info/NAME.* as dpkg names them; returns their entries.</summary>
    private static List<TarEntry> WriteInfo(RootDirectory root, UnpackedPackage package)
    {
        var entries = new List<TarEntry>();
        foreach (var parent in new[] { "var", "var/lib", "var/lib/dpkg", InfoDirectory })
        {
            entries.Add(new TarEntry { Name = parent, Kind = TarKind.Directory, Mode = 0x1ED });
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
            var mode = executable ? 0x1ED : 0x1A4;
            var source = new MemoryStream(content);
            if (!root.MakeFile(path, mode, 0, 0, modifiedAt, source.Read))
            {
                throw ImageErrors.UnsafeName(package.Package.Name, path, "belongs to dpkg's own database");
            }

            entries.Add(new TarEntry { Name = path, Kind = TarKind.File, Mode = mode, Size = content.Length, ModifiedAt = modifiedAt });
        }
    }
}

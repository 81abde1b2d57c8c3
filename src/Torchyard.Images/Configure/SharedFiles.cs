using Torchyard.Images.Deb;
using Torchyard.Images.Layers;
using Torchyard.Images.Tar;

namespace Torchyard.Images.Configure;

/// <summary>A diversion: three lines of dpkg's <c>diversions</c> (dpkg-divert(1)).</summary>
/// <param name="From">The path, without its leading slash.</param>
/// <param name="To">Where other packages' files of that path go.</param>
/// <param name="Package">Whose own file keeps the path; <c>:</c> for nobody's.</param>
internal sealed record Diversion(string From, string To, string Package);

/// <summary>
/// Makes in the upper directory of a stage what <c>dpkg --unpack</c> would have done with files that two packages ship: the one that Replaces the
/// other wins and the other's list loses the path (Debian Policy 7.6.1; whichever is unpacked first), and a diverted file of another package goes
/// to its other name. Layers stay a function of their own packages.
/// </summary>
/// <param name="upper">The upper directory, above all layers that have the packages.</param>
/// <param name="read">Reads an entry of a package again, by its place.</param>
internal sealed class SharedFiles(UpperDirectory upper, Func<UnpackedPackage, string, (TarEntry Entry, byte[] Content)> read)
{
    /// <summary>TY3004 unless Replaces decides, or a preinst script may yet divert.</summary>
    internal static void RefuseUndecidable(IEnumerable<SharedPath> shared)
    {
        foreach (var path in shared.Where(path => path.Winner is null && !HasPreinst(path.Lower) && !HasPreinst(path.Upper)))
        {
            throw Conflict(path);
        }
    }

    /// <summary>Settles the files of a stage. To be called when its preinst scripts have run.</summary>
    /// <param name="shared">What packages of this stage share with each other or with earlier ones.</param>
    /// <param name="packages">Packages of this stage.</param>
    internal void Settle(IReadOnlyList<SharedPath> shared, IReadOnlyList<UnpackedPackage> packages)
    {
        var diversions = Parse(upper.ReadText(DpkgDatabase.Directory + "/diversions")).ToDictionary(diversion => diversion.From, StringComparer.Ordinal);
        foreach (var path in shared)
        {
            if (diversions.TryGetValue(path.Path, out var diversion) && (IsBy(diversion, path.Lower) || IsBy(diversion, path.Upper)))
            {
                var (owner, other) = IsBy(diversion, path.Lower) ? (path.Lower, path.Upper) : (path.Upper, path.Lower);
                Place(other, path.Path, diversion.To);
                Place(owner, path.Path, path.Path);
            }
            else if (path.Winner is { } winner)
            {
                var loser = ReferenceEquals(winner, path.Lower) ? path.Upper : path.Lower;
                RemoveFromList(loser, path.Path);
                if (ReferenceEquals(winner, path.Lower))
                {
                    Place(winner, path.Path, path.Path);
                }
            }
            else
            {
                throw Conflict(path);
            }
        }

        var settled = shared.Select(path => path.Path).ToHashSet(StringComparer.Ordinal);
        foreach (var package in diversions.Count == 0 ? [] : packages)
        {
            foreach (var path in package.ListedPaths.Where(path => !settled.Contains(path)))
            {
                if (diversions.TryGetValue(path, out var diversion) && !IsBy(diversion, package) && IsFile(package, path))
                {
                    // The owner of the diversion ships no file of that name: it is free for links and scripts.
                    Place(package, path, diversion.To);
                    upper.Hide(PackageUnpacker.PlaceOf(path));
                }
            }
        }
    }

    /// <summary>Reads <c>var/lib/dpkg/diversions</c>.</summary>
    internal static IEnumerable<Diversion> Parse(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (var index = 0; index + 2 < lines.Length; index += 3)
        {
            yield return new Diversion(lines[index].TrimStart('/'), lines[index + 1].TrimStart('/'), lines[index + 2]);
        }
    }

    private void Place(UnpackedPackage package, string path, string target)
    {
        var (entry, content) = read(package, PackageUnpacker.PlaceOf(path));
        upper.Place(entry with { Name = PackageUnpacker.PlaceOf(target) }, content);
    }

    private void RemoveFromList(UnpackedPackage package, string path)
    {
        var list = $"{PackageUnpacker.InfoDirectory}/{package.InfoName}.list";
        var lines = upper.ReadText(list).Split('\n').Where(line => line != "/" + path);
        upper.WriteText(list, string.Join('\n', lines));
        if (package.ConffileHashes.ContainsKey("/" + path))
        {
            const string Status = DpkgDatabase.Directory + "/status";
            upper.WriteText(Status, DpkgDatabase.MarkObsolete(upper.ReadText(Status), package.Package.Name, "/" + path));
        }
    }

    private bool IsFile(UnpackedPackage package, string path) =>
        package.Entries.FirstOrDefault(entry => entry.Name == PackageUnpacker.PlaceOf(path)) is { } entry
            ? entry.Kind is TarKind.File or TarKind.Symlink
            : read(package, PackageUnpacker.PlaceOf(path)).Entry.Kind is TarKind.File or TarKind.Symlink;

    private static bool IsBy(Diversion diversion, UnpackedPackage package) => diversion.Package == package.Package.Name;

    private static bool HasPreinst(UnpackedPackage package) => package.ControlFiles.ContainsKey("preinst");

    private static Platform.TorchyardException Conflict(SharedPath path) =>
        ImageErrors.FileConflict(path.Path, path.Lower.Package.Name, path.Upper.Package.Name);
}

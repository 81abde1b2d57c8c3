using System.Globalization;

namespace Torchyard.NativeLibraries;

/// <summary>A file of a package and the name it gets in the cache.</summary>
internal sealed record TakenFile(string PathInPackage, string Name);

/// <summary>A .deb that is fixed by its hash, and what is taken from it.</summary>
internal sealed record PinnedPackage(string Sha256, long Size, string PoolPath, List<TakenFile> Files);

/// <summary>The pins of one cache directory, as a <c>*.pins</c> file lists them.</summary>
internal sealed record PinFile(string Snapshot, IReadOnlyList<PinnedPackage> Packages)
{
    public static PinFile Read(string path)
    {
        var snapshot = "";
        var packages = new List<PinnedPackage>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            var words = line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words)
            {
                case []:
                    break;
                case ["snapshot", var stamp]:
                    snapshot = stamp;
                    break;
                case ["deb", { Length: 64 } hash, var size, var pool]:
                    packages.Add(new PinnedPackage(hash, long.Parse(size, CultureInfo.InvariantCulture), pool, []));
                    break;
                case ["take", var inside, var name] when packages.Count > 0 && IsPlain(name):
                    packages[^1].Files.Add(new TakenFile(inside, name));
                    break;
                default:
                    throw new FetchException($"{path}:{number}: not a pin: {line}");
            }
        }

        return new PinFile(snapshot, packages);
    }

    private static bool IsPlain(string name) => !Path.IsPathRooted(name) && name.Split('/').All(part => part is not ("" or "." or ".."));
}

using Torchyard.Images.Capture.Host;
using Torchyard.Platform.Linking;

namespace Torchyard.Images.Capture.Elf;

/// <summary>
/// Finds the libraries that an ELF file asks for as glibc's loader does (ld.so(8)): DT_RPATH of the file and of what loads it, DT_RUNPATH,
/// the loader's cache, the default directories. LD_LIBRARY_PATH is not looked at: the image does not have the caller's.
/// </summary>
internal sealed class LibraryLookup
{
    private static readonly string[] HardwareLevels = ["x86-64-v4", "x86-64-v3", "x86-64-v2"];
    private readonly HostTree _tree;
    private readonly ILookup<string, string> _cache;
    private readonly string[] _defaults;

    /// <param name="tree">The machine.</param>
    /// <param name="machine">e_machine of the files.</param>
    public LibraryLookup(HostTree tree, ushort machine)
    {
        _tree = tree;
        var (flag, triplet) = machine == 183 ? (LinkerCache.FlagAarch64, "aarch64-linux-gnu") : (LinkerCache.FlagX8664, "x86_64-linux-gnu");
        Triplet = triplet;
        var entries = tree.ReadBytes("/etc/ld.so.cache", 64 << 20) is { } bytes ? LinkerCache.Read(bytes) : [];
        _cache = entries
            .Where(entry => entry.Flags == (flag | LinkerCache.FlagElfLibc6))
            .ToLookup(entry => entry.Soname, entry => entry.Path, StringComparer.Ordinal);
        // Debian's loader is built with the multiarch directories in front, Fedora's with lib64.
        _defaults = [$"/lib/{triplet}", $"/usr/lib/{triplet}", "/lib64", "/usr/lib64", "/lib", "/usr/lib"];
    }

    /// <summary>Multiarch name of the machine, such as <c>x86_64-linux-gnu</c>.</summary>
    public string Triplet { get; }

    /// <summary>
    /// Paths under which the loader may take a library: the one it finds, and behind it variants of the same library for better processors.
    /// Empty when there is none.
    /// </summary>
    /// <param name="name">DT_NEEDED, or a path.</param>
    /// <param name="needing">The file that asks.</param>
    /// <param name="origin">Directory of that file.</param>
    /// <param name="inherited">DT_RPATH directories of the files that load it, expanded.</param>
    public IReadOnlyList<string> Find(string name, ElfImage needing, string origin, IReadOnlyList<string> inherited)
    {
        if (name.Contains('/', StringComparison.Ordinal))
        {
            return Exists(Expand(name, origin)) ? [Expand(name, origin)] : [];
        }

        foreach (var directory in needing.RunPath.Count > 0 ? [] : SearchPath(needing.RPath, origin).Concat(inherited))
        {
            if (Exists($"{directory}/{name}"))
            {
                return [$"{directory}/{name}"];
            }
        }

        foreach (var directory in SearchPath(needing.RunPath, origin))
        {
            if (Exists($"{directory}/{name}"))
            {
                return [$"{directory}/{name}"];
            }
        }

        if (_cache[name].Where(Exists).ToList() is { Count: > 0 } cached)
        {
            return cached;
        }

        foreach (var directory in _defaults)
        {
            if (Exists($"{directory}/{name}"))
            {
                return [$"{directory}/{name}", .. HardwareLevels.Select(level => $"{directory}/glibc-hwcaps/{level}/{name}").Where(Exists)];
            }
        }

        return [];
    }

    /// <summary>The directories with the loader's tokens replaced.</summary>
    public IEnumerable<string> SearchPath(IEnumerable<string> directories, string origin) =>
        directories.Select(directory => Expand(directory, origin)).Where(directory => directory.StartsWith('/'));

    private string Expand(string text, string origin)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return text;
        }

        foreach (
            var (token, value) in new[]
            {
                ("ORIGIN", origin),
                ("LIB", "lib/" + Triplet),
                ("PLATFORM", Triplet[..Triplet.IndexOf('-', StringComparison.Ordinal)]),
            }
        )
        {
            text = text.Replace("${" + token + "}", value, StringComparison.Ordinal).Replace("$" + token, value, StringComparison.Ordinal);
        }

        return text;
    }

    private bool Exists(string path) => _tree.IsFile(path);
}

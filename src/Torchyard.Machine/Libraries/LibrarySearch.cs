using System.Runtime.InteropServices;
using Torchyard.Machine.Files;
using Torchyard.Platform.Linking;

namespace Torchyard.Machine.Libraries;

/// <summary>A library file that was found, and where.</summary>
/// <param name="Path">Path inside the machine's root.</param>
/// <param name="Target">The file after following links.</param>
/// <param name="Place">Why it was looked for there, e.g. <c>ld.so.cache</c>.</param>
public sealed record FoundLibrary(string Path, string Target, string Place);

/// <summary>
/// Where libraries of the driver and of the CUDA wheels are: <c>/usr/local/nvidia</c>, the linker's cache, <c>LD_LIBRARY_PATH</c>,
/// distribution directories, then <c>nvidia/*/lib</c> of the Python environments.
/// </summary>
internal sealed class LibrarySearch
{
    private static readonly string[] DistributionDirectories =
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ?
            [
                "/usr/lib/aarch64-linux-gnu",
                "/usr/lib/aarch64-linux-gnu/nvidia/current",
                "/usr/lib/aarch64-linux-gnu/nvidia",
                "/usr/lib64",
                "/usr/lib64/nvidia",
                "/usr/lib",
                "/lib64",
            ]
            :
            [
                "/usr/lib/x86_64-linux-gnu",
                "/usr/lib/x86_64-linux-gnu/nvidia/current",
                "/usr/lib/x86_64-linux-gnu/nvidia",
                "/usr/lib64",
                "/usr/lib64/nvidia",
                "/usr/lib/wsl/lib",
                "/usr/lib",
                "/lib64",
                "/run/opengl-driver/lib",
            ];

    private readonly MachineFiles _files;
    private readonly Func<string, string?> _environment;
    private readonly IReadOnlyList<string> _extraDirectories;
    private readonly Lazy<IReadOnlyList<LinkerCacheEntry>> _cache;
    private readonly Lazy<IReadOnlyList<string>> _wheelDirectories;

    public LibrarySearch(MachineFiles files, Func<string, string?> environment, IReadOnlyList<string>? extraDirectories = null)
    {
        _files = files;
        _environment = environment;
        _extraDirectories = extraDirectories ?? [];
        _cache = new(() => files.ReadBytes("/etc/ld.so.cache") is { } bytes ? LinkerCache.Read(bytes) : []);
        _wheelDirectories = new(() => [.. FindWheelDirectories()]);
    }

    /// <summary>The entries of the machine's linker cache.</summary>
    public IReadOnlyList<LinkerCacheEntry> CacheEntries => _cache.Value;

    /// <summary>Every place that has a library of this name, best first; the same file is named once.</summary>
    /// <param name="sonames">Names in order of preference, e.g. <c>libcublasLt.so.13</c>, <c>libcublasLt.so.12</c>.</param>
    public IEnumerable<FoundLibrary> Find(params string[] sonames)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var soname in sonames)
        {
            foreach (var (path, place) in Candidates(soname))
            {
                if (_files.Resolve(path) is { } target && seen.Add(target))
                {
                    yield return new FoundLibrary(path, target, place);
                }
            }
        }
    }

    /// <summary>Directories of the driver that exist on this machine, in search order.</summary>
    public IEnumerable<string> DriverDirectories()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var found in Find("libcuda.so.1", "libnvidia-ml.so.1"))
        {
            var directory = System.IO.Path.GetDirectoryName(found.Target)!;
            if (seen.Add(directory))
            {
                yield return directory;
            }
        }
    }

    private IEnumerable<(string Path, string Place)> Candidates(string soname)
    {
        foreach (var directory in _extraDirectories)
        {
            yield return ($"{directory}/{soname}", "command line");
        }
        // PyTorch finds the CUDA libraries of its wheels by RPATH, before anything that the machine has.
        var ofWheels = soname.StartsWith("libcublas", StringComparison.Ordinal) || soname.StartsWith("libnccl", StringComparison.Ordinal);
        if (ofWheels)
        {
            foreach (var directory in _wheelDirectories.Value)
            {
                yield return ($"{directory}/{soname}", "Python environment");
            }
        }

        foreach (var directory in (string[])["/usr/local/nvidia/lib64", "/usr/local/nvidia/lib"])
        {
            yield return ($"{directory}/{soname}", "/usr/local/nvidia");
        }

        foreach (var entry in _cache.Value)
        {
            if (entry.Soname == soname && IsThisArchitecture(entry.Flags))
            {
                yield return (entry.Path, "ld.so.cache");
            }
        }

        foreach (var directory in (_environment("LD_LIBRARY_PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            if (directory.StartsWith('/'))
            {
                yield return ($"{directory}/{soname}", "LD_LIBRARY_PATH");
            }
        }

        foreach (var directory in DistributionDirectories)
        {
            yield return ($"{directory}/{soname}", "distribution");
        }
        // The driver never comes in a wheel.
        var ofDriver =
            soname.StartsWith("libcuda.so", StringComparison.Ordinal) || soname.StartsWith("libnvidia-ml.so", StringComparison.Ordinal);
        foreach (var directory in ofWheels || ofDriver ? [] : _wheelDirectories.Value)
        {
            yield return ($"{directory}/{soname}", "Python environment");
        }
    }

    private static bool IsThisArchitecture(int flags) =>
        (flags & 0xff00)
        == (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? LinkerCache.FlagAarch64 : LinkerCache.FlagX8664);

    private IEnumerable<string> FindWheelDirectories()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var prefix in PythonPrefixes().Where(p => seen.Add(p)))
        {
            foreach (var python in _files.List($"{prefix}/lib").Where(n => n.StartsWith("python3", StringComparison.Ordinal)))
            {
                foreach (var packages in (string[])["site-packages", "dist-packages"])
                {
                    var nvidia = $"{prefix}/lib/{python}/{packages}/nvidia";
                    foreach (var part in _files.List(nvidia).OrderByDescending(n => n, StringComparer.Ordinal))
                    {
                        if (_files.IsDirectory($"{nvidia}/{part}/lib"))
                        {
                            yield return $"{nvidia}/{part}/lib";
                        }
                    }

                    if (_files.IsDirectory($"{prefix}/lib/{python}/{packages}/torch/lib"))
                    {
                        yield return $"{prefix}/lib/{python}/{packages}/torch/lib";
                    }
                }
            }
        }

        if (_environment("CONDA_PREFIX") is { Length: > 0 } conda)
        {
            yield return $"{conda}/lib";
        }

        yield return "/usr/local/cuda/lib64";
    }

    private IEnumerable<string> PythonPrefixes()
    {
        if (_environment("VIRTUAL_ENV") is { Length: > 0 } active)
        {
            yield return active;
        }

        if (_environment("CONDA_PREFIX") is { Length: > 0 } conda)
        {
            yield return conda;
        }

        foreach (var directory in (_environment("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            if (directory.StartsWith('/') && directory.TrimEnd('/').EndsWith("/bin", StringComparison.Ordinal))
            {
                yield return directory.TrimEnd('/')[..^4];
            }
        }

        yield return "/opt/venv";
        yield return "/opt/conda";
        yield return "/usr/local";
        yield return "/usr";
    }
}

using Torchyard.Machine.Files;
using Torchyard.Machine.Libraries;

namespace Torchyard.Containers.Gpus;

/// <summary>A library of the driver.</summary>
/// <param name="HostPath">The file, links followed.</param>
/// <param name="FileName">Name with the driver's version, e.g. <c>libcuda.so.580.159.04</c>.</param>
/// <param name="Names">Names that lead to it: SONAME and, where the host has it, the plain <c>.so</c>.</param>
internal sealed record DriverLibrary(string HostPath, string FileName, IReadOnlyList<string> Names);

/// <summary>A socket of a service of the driver, or a directory of them.</summary>
/// <param name="HostPath">Where it is, links followed.</param>
/// <param name="Path">Where programs look for it.</param>
/// <param name="IsTransient">Its directory is open to everybody: who makes it once the service has ended, nobody knows.</param>
internal sealed record DriverSocket(string HostPath, string Path, bool IsTransient);

/// <summary>
/// The user-space half of the loaded driver. Libraries are recognised by the version in their file name, never by a list of names:
/// lists rot with each driver (libnvidia-nvvm came with 470, libnvidia-gpucomp with 545, libnvidia-tileiras with 590).
/// </summary>
internal sealed class DriverFiles
{
    /// <summary>Without these, programs fail late and with messages that nobody understands.</summary>
    private static readonly string[] Needed = ["libcuda.so", "libnvidia-ml.so", "libnvidia-ptxjitcompiler.so", "libnvidia-nvvm.so"];

    private static readonly string[] ProgramNames =
    [
        "nvidia-smi",
        "nvidia-debugdump",
        "nvidia-persistenced",
        "nvidia-cuda-mps-control",
        "nvidia-cuda-mps-server",
        "nvidia-imex",
        "nvidia-imex-ctl",
    ];

    private const string MpsDirectory = "/tmp/nvidia-mps";

    private static readonly string[] SocketPaths = ["nvidia-persistenced/socket", "nvidia-fabricmanager/socket"];

    /// <summary>Driver 575 brought a second compiler whose file has a version of its own.</summary>
    private static readonly string[] OwnVersion = ["libnvidia-nvvm70.so."];

    private readonly MachineFiles _files;
    private readonly Func<string, string?> _environment;

    public DriverFiles(MachineFiles files, Func<string, string?> environment, LibrarySearch search, string version)
    {
        (_files, _environment) = (files, environment);
        Libraries = FindLibraries(search, version);
        Programs = [.. ProgramNames.Select(FindProgram).OfType<(string, string)>()];
        Sockets = [.. FindSockets()];
        Missing = [.. Needed.Where(n => !Libraries.Any(l => l.FileName.StartsWith(n + ".", StringComparison.Ordinal)))];
    }

    public IReadOnlyList<DriverLibrary> Libraries { get; }

    /// <summary>Host path and name of each program that is there.</summary>
    public IReadOnlyList<(string HostPath, string Name)> Programs { get; }

    /// <summary>Sockets of the driver's services; directories for MPS.</summary>
    public IReadOnlyList<DriverSocket> Sockets { get; }

    /// <summary>What looks like the driver's and is not taken, with the reason.</summary>
    public IReadOnlyList<string> Refused { get; private set; } = [];

    /// <summary>Needed libraries that were not found in the loaded version.</summary>
    public IReadOnlyList<string> Missing { get; }

    private List<DriverLibrary> FindLibraries(LibrarySearch search, string version)
    {
        var suffix = ".so." + version;
        var found = new SortedDictionary<string, DriverLibrary>(StringComparer.Ordinal);
        foreach (var directory in Directories(search, version))
        {
            var names = _files.List(directory);
            foreach (
                var name in names.Where(n =>
                    n.EndsWith(suffix, StringComparison.Ordinal) || OwnVersion.Any(o => n.StartsWith(o, StringComparison.Ordinal))
                )
            )
            {
                // The first directory in the search order wins, as it does for the linker.
                if (
                    found.ContainsKey(name)
                    || _files.LinkTarget($"{directory}/{name}") is not null
                    || _files.RealPath($"{directory}/{name}") is not { } real
                )
                {
                    continue;
                }

                found[name] = new DriverLibrary(real, name, [.. LinksTo(directory, name, names), .. Implied(name, names)]);
            }
        }

        return [.. found.Values.Select(l => l with { Names = [.. l.Names.Distinct(StringComparer.Ordinal)] })];
    }

    /// <summary>
    /// Links of the same directory that lead to a library. Only names of its stem are looked at: /usr/lib/x86_64-linux-gnu has thousands
    /// of others, and to follow each of them for each library took most of the time of a start with GPUs.
    /// </summary>
    private IEnumerable<string> LinksTo(string directory, string file, string[] names)
    {
        var stem = file[..(file.IndexOf(".so.", StringComparison.Ordinal) + 3)];
        var target = $"{directory}/{file}";
        return names.Where(n =>
            n.Length < file.Length
            && n.StartsWith(stem, StringComparison.Ordinal)
            && _files.LinkTarget($"{directory}/{n}") is not null
            && _files.Resolve($"{directory}/{n}") == target
        );
    }

    /// <summary>The driver's runfile makes the SONAME links through ldconfig; where that did not run, they are still needed.</summary>
    private static IEnumerable<string> Implied(string file, string[] names)
    {
        var stem = file[..(file.IndexOf(".so.", StringComparison.Ordinal) + 3)];
        if (stem is "libcuda.so" or "libnvidia-ml.so" or "libnvidia-ptxjitcompiler.so" or "libnvidia-opticalflow.so")
        {
            yield return stem + ".1";
        }

        if (stem == "libcuda.so")
        {
            yield return stem;
        }

        if (stem == "libnvidia-nvvm.so" && !names.Contains("libnvidia-nvvm.so.4"))
        {
            yield return stem + ".4";
        }
    }

    /// <summary>Directories with a library of this version, in the linker's order; each once, links followed.</summary>
    private IEnumerable<string> Directories(LibrarySearch search, string version)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var candidates = search
            .Find("libcuda.so.1", "libnvidia-ml.so.1", "libcuda.so." + version, "libnvidia-ml.so." + version)
            .SelectMany(f => (string[])[Parent(f.Path), Parent(f.Target)])
            .Concat(
                search.CacheEntries.Where(e => e.Soname.StartsWith("libnvidia-", StringComparison.Ordinal)).Select(e => Parent(e.Path))
            );
        foreach (var directory in candidates)
        {
            if (_files.Resolve(directory) is { } real && seen.Add(real))
            {
                yield return real;
            }

            if (_files.Resolve(directory + "/vdpau") is { } vdpau && seen.Add(vdpau))
            {
                yield return vdpau;
            }
        }
    }

    private (string, string)? FindProgram(string name)
    {
        foreach (
            var directory in (_environment("PATH") ?? "")
                .Split(':')
                .Where(d => d.StartsWith('/'))
                .Concat(["/usr/local/nvidia/bin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/lib/nvidia/current", "/opt/bin"])
        )
        {
            if (_files.RealPath($"{directory}/{name}") is { } real && !Directory.Exists(real))
            {
                return (real, name);
            }
        }

        return null;
    }

    private IEnumerable<DriverSocket> FindSockets()
    {
        foreach (var socket in SocketPaths)
        {
            // A directory that this user may not enter is the same as none.
            var path = ((string[])["/run/", "/var/run/"]).Select(d => d + socket).FirstOrDefault(_files.Exists);
            if (path is not null)
            {
                yield return new DriverSocket(_files.RealPath(path)!, path, IsTransient: false);
            }
        }

        if (FindMps() is { } mps)
        {
            yield return mps;
        }
    }

    /// <summary>
    /// The directory of MPS. /tmp is open to everybody: a link there could show the container any directory of the machine, and a directory
    /// of somebody else would put that user's server between the container and its GPU.
    /// </summary>
    private DriverSocket? FindMps()
    {
        if (_environment("CUDA_MPS_PIPE_DIRECTORY") is { Length: > 0 } named)
        {
            return named.StartsWith('/') && _files.Exists(named + "/control")
                ? new DriverSocket(_files.RealPath(named)!, named, IsTransient: true)
                : null;
        }

        if (!_files.Exists(MpsDirectory + "/control"))
        {
            return null;
        }

        if (
            _files.LinkTarget(MpsDirectory) is null
            && _files.IsDirectory(MpsDirectory)
            && _files.Owner(MpsDirectory) is { } owner
            && MachineFiles.IsTrusted(owner)
        )
        {
            return new DriverSocket(_files.RealPath(MpsDirectory)!, MpsDirectory, IsTransient: true);
        }

        Refused =
        [
            $"{MpsDirectory} is a link, or belongs to another user: it is not taken for the "
                + "directory of MPS; CUDA_MPS_PIPE_DIRECTORY names another",
        ];
        return null;
    }

    private static string Parent(string path) => path[..Math.Max(1, path.LastIndexOf('/'))];
}

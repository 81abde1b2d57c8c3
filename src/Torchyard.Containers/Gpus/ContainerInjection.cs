using System.Security.Cryptography;
using Torchyard.Images.Layers;
using Torchyard.Machine.Files;
using Torchyard.Machine.Libraries;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linking;

namespace Torchyard.Containers.Gpus;

/// <summary>
/// Computes what a container needs for its GPUs from the machine as it is now: nothing is kept from an earlier start, so nothing is
/// stale after a driver update. Driver files land in <c>/usr/local/nvidia</c>, where they cover nothing of the image; the loader finds
/// them through a cache that is written for this image.
/// </summary>
public sealed class ContainerInjection
{
    /// <summary>The directory inside that is the driver's alone, whatever an image has there.</summary>
    public const string OwnDirectory = "/usr/local/nvidia";

    /// <summary>Where libraries of the driver are inside.</summary>
    public const string LibraryDirectory = OwnDirectory + "/lib64";

    /// <summary>Where programs of the driver are inside.</summary>
    public const string ProgramDirectory = OwnDirectory + "/bin";

    // A machine with thousands of libraries has some hundred KiB.
    private const int MaxCacheBytes = 4 << 20;

    private readonly MachineFiles _files;
    private readonly DriverFiles _driver;
    private readonly string _version;

    internal ContainerInjection(MachineFiles files, Func<string, string?> environment, LibrarySearch search, string version)
    {
        (_files, _version) = (files, version);
        _driver = new DriverFiles(files, environment, search, version);
    }

    internal DriverFiles Driver => _driver;

    /// <summary>The edits for a choice of GPUs, without anything that depends on an image.</summary>
    /// <exception cref="TorchyardException">TY5010: a device node is missing; TY5015: the driver's libraries are not of the loaded
    /// version.</exception>
    public ContainerEdits Edits(IReadOnlyList<ChosenGpu> gpus)
    {
        ArgumentNullException.ThrowIfNull(gpus);
        if (_driver.Libraries.Count == 0 || _driver.Missing.Contains("libcuda.so"))
        {
            throw new TorchyardException(
                "TY5015",
                $"libcuda.so.{_version}, the library of the loaded kernel module, was not found on this machine",
                "the driver was updated without a reboot, or its libraries are in an unusual "
                    + "directory: reboot, or name it in LD_LIBRARY_PATH"
            );
        }

        var devices = GpuDevices.For(_files, gpus);
        var mounts = new List<EditedMount>();
        foreach (var library in _driver.Libraries)
        {
            mounts.Add(new EditedMount(library.HostPath, $"{LibraryDirectory}/{library.FileName}"));
            mounts.AddRange(library.Names.Select(n => new EditedMount(library.HostPath, $"{LibraryDirectory}/{n}")));
        }

        mounts.AddRange(_driver.Programs.Select(p => new EditedMount(p.HostPath, $"{ProgramDirectory}/{p.Name}")));
        mounts.AddRange(
            _driver.Sockets.Select(s => new EditedMount(
                s.HostPath,
                s.Path.StartsWith("/var/run/", StringComparison.Ordinal) ? s.Path["/var".Length..] : s.Path,
                IsSocket: true,
                s.IsTransient
            ))
        );
        return new ContainerEdits
        {
            Devices = devices,
            Mounts = mounts,
            // A container that is started by docker with the legacy hook must not be given GPUs twice.
            Environment = ["NVIDIA_VISIBLE_DEVICES=void"],
            AdditionalGids = GpuDevices.Groups(_files, devices),
            Notes = [.. _driver.Missing.Select(m => $"{m}.{_version} was not found on this machine: {Consequence(m)}"), .. _driver.Refused],
        };
    }

    /// <summary>
    /// The linker cache for an image: its own entries behind the driver's. Drivers that the image carries are left out, except a
    /// forward-compatibility driver that fits.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="directory">Where caches are kept; named by content, so that they can be shared and never change.</param>
    /// <param name="note">What became of a compat driver; null when the image has none.</param>
    /// <returns>Path of the cache on the host.</returns>
    public string WriteLinkerCache(ImageRoot image, string directory, out string? note)
    {
        var cache = LinkerCacheOf(image, out note);
        var path = Path.Combine(directory, Convert.ToHexStringLower(SHA256.HashData(cache)));
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(directory);
            AtomicFile.Write(path, cache);
        }

        return path;
    }

    /// <summary>The same cache as bytes.</summary>
    /// <param name="image">The image.</param>
    /// <param name="note">What became of a compat driver; null when the image has none.</param>
    public byte[] LinkerCacheOf(ImageRoot image, out string? note)
    {
        ArgumentNullException.ThrowIfNull(image);
        var compat = ForwardCompatibility.Decide(image, _version);
        note = compat.Reason;
        return Compose(
            image.Read("/etc/ld.so.cache", MaxCacheBytes) ?? [],
            compat.Directory,
            compat.Directory is null ? [] : image.List(compat.Directory)
        );
    }

    internal byte[] Compose(ReadOnlySpan<byte> imageCache, string? compatDirectory, IReadOnlyList<string> compatNames)
    {
        var ours = new List<LinkerCacheEntry>();
        if (compatDirectory is not null)
        {
            // All of them: some are opened by the name that ends in the driver's version (libnvidia-gpucomp.so.590.48.01, -tileiras), and
            // libcuda.so without a number must not lead to another driver than libcuda.so.1.
            ours.AddRange(
                compatNames
                    .Where(n => n.EndsWith(".so", StringComparison.Ordinal) || n.Contains(".so.", StringComparison.Ordinal))
                    .Select(n => Entry(n, $"{compatDirectory}/{n}"))
            );
        }

        foreach (var library in _driver.Libraries)
        {
            foreach (var name in library.Names.Append(library.FileName))
            {
                ours.Add(Entry(name, $"{LibraryDirectory}/{name}"));
            }
        }

        var names = ours.Select(e => e.Soname).ToHashSet(StringComparer.Ordinal);
        var theirs = LinkerCache.Read(imageCache).Where(e => !names.Contains(e.Soname));
        return LinkerCacheWriter.Write(
            ours.DistinctBy(e => (e.Soname, e.Path)).Concat(theirs),
            LinkerCache.HardwareCapabilityNames(imageCache)
        );
    }

    private static LinkerCacheEntry Entry(string soname, string path) =>
        new(
            soname,
            path,
            LinkerCache.FlagElfLibc6
                | (
                    System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
                    == System.Runtime.InteropServices.Architecture.Arm64
                        ? LinkerCache.FlagAarch64
                        : LinkerCache.FlagX8664
                )
        );

    private static string Consequence(string library) =>
        library switch
        {
            "libnvidia-ml.so" => "nvidia-smi and NCCL do not work",
            "libnvidia-ptxjitcompiler.so" => "kernels that come as PTX do not run: PTX JIT compiler library not found",
            _ => "programs that compile for newer GPUs than their own do not run",
        };
}

using Torchyard.Images.Capture.Elf;
using Torchyard.Images.Capture.Host;
using Torchyard.Images.Environments;
using Torchyard.Images.Oci;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Capture.Request;

/// <summary>An image of the store that an environment is put on, in place of this machine's own base system.</summary>
/// <param name="Image">The image.</param>
/// <param name="Layers">Its layers as directories, top first.</param>
public sealed record CaptureBase(StoredImage Image, IReadOnlyList<string> Layers)
{
    private HostTree? _tree;
    private LibraryLookup? _lookup;

    /// <summary>What a container of the image sees.</summary>
    internal HostTree Tree => _tree ??= new HostTree(Place);

    /// <summary>True when the image's loader finds a library by name.</summary>
    internal bool HasLibrary(string name)
    {
        const ushort Arm64 = 183,
            X8664 = 62;
        _lookup ??= new LibraryLookup(
            Tree,
            System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64
                ? Arm64
                : X8664
        );
        return _lookup.Find(name, new ElfImage(), "/", []).Count > 0;
    }

    /// <summary>The image's account databases; passwords only where the caller may read them, else the image keeps what it has.</summary>
    internal AccountFiles Accounts =>
        new(
            Tree.ReadText("/etc/passwd") ?? "",
            Tree.ReadText("/etc/group") ?? "",
            Tree.ReadText("/etc/shadow"),
            Tree.ReadText("/etc/gshadow")
        );

    /// <summary>Versions of Python in the image.</summary>
    internal IReadOnlyList<string> Pythons =>
        [
            .. Layers
                .Select(layer => layer + "/usr/bin")
                .Where(Directory.Exists)
                .SelectMany(bin => Directory.EnumerateFiles(bin, "python3.*"))
                .Select(path => ArchivePath.Name(path)["python".Length..])
                .Where(version => version.All(letter => char.IsAsciiDigit(letter) || letter == '.'))
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>The topmost layer's file counts; a whiteout hides those below.</summary>
    private string Place(string path)
    {
        foreach (var layer in Layers)
        {
            if (StatusCalls.TryRead(At.CurrentDirectory, layer + path, out var stat))
            {
                return stat.Type == FileKind.Character && stat is { DeviceMajor: 0, DeviceMinor: 0 }
                    ? layer + path + "/whiteout"
                    : layer + path;
            }
        }

        return (Layers.Count > 0 ? Layers[0] : "") + path;
    }
}

using Torchyard.Images.Errors;
using Torchyard.Images.Tar;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Layers;

/// <summary>How the kernel's overlayfs keeps an entry in one of its directories, and what of it belongs into a layer.</summary>
internal static class OverlayEntry
{
    /// <summary>True for what stands for a removed entry: a character device 0:0.</summary>
    internal static bool IsWhiteout(in FileStatus stat) => stat is { Type: FileKind.Character, DeviceMajor: 0, DeviceMinor: 0 };

    /// <summary>True for a directory that hides those of its name below.</summary>
    internal static bool IsOpaque(string path) =>
        XattrCalls.Value(path, "trusted.overlay.opaque") is [(byte)'y'] || XattrCalls.Value(path, "user.overlay.opaque") is [(byte)'y'];

    /// <summary>The kind of an entry; null for a socket, which is nothing without its process.</summary>
    internal static TarKind? Kind(uint type) =>
        type switch
        {
            FileKind.Regular => TarKind.File,
            FileKind.Directory => TarKind.Directory,
            FileKind.Link => TarKind.Symlink,
            FileKind.Character => TarKind.CharacterDevice,
            FileKind.Block => TarKind.BlockDevice,
            FileKind.Fifo => TarKind.Fifo,
            _ => null,
        };

    /// <summary>The entry as a layer has it.</summary>
    /// <param name="path">Where it lies on this machine.</param>
    /// <param name="inside">Path inside the root, for errors.</param>
    /// <param name="kind">Its <see cref="Kind"/>.</param>
    /// <param name="stat">Its status.</param>
    internal static TarEntry Read(string path, string inside, TarKind kind, in FileStatus stat) =>
        new()
        {
            Name = inside,
            Kind = kind,
            LinkTarget = kind == TarKind.Symlink ? new FileInfo(path).LinkTarget ?? "" : "",
            Mode = stat.Mode & FileModes.Mask,
            User = stat.User,
            Group = stat.Group,
            Size = kind == TarKind.File ? (long)stat.Size : 0,
            ModifiedAt = stat.Modified.Seconds,
            DeviceMajor = stat.DeviceMajor,
            DeviceMinor = stat.DeviceMinor,
            Xattrs = ReadXattrs(path, inside),
        };

    /// <summary>
    /// True for an attribute that layers carry: file capabilities, access control lists and those of users. Labels and signatures of a
    /// machine's security modules do not belong into an image, and overlayfs's own would change what the layers below show.
    /// </summary>
    internal static bool IsCarried(string name) =>
        (name.StartsWith("user.", StringComparison.Ordinal) && !name.StartsWith("user.overlay.", StringComparison.Ordinal))
        || name is "security.capability" or AccessControlList.Access or AccessControlList.Default;

    private static List<KeyValuePair<string, byte[]>> ReadXattrs(string path, string inside)
    {
        var result = new List<KeyValuePair<string, byte[]>>();
        foreach (var name in XattrCalls.Names(path).Order(StringComparer.Ordinal))
        {
            if (name is "trusted.overlay.redirect" or "user.overlay.redirect" or "trusted.overlay.metacopy" or "user.overlay.metacopy")
            {
                throw ImageErrors.UnportableOverlay(inside);
            }

            if (IsCarried(name) && XattrCalls.Value(path, name) is { } value)
            {
                result.Add(new(name, value));
            }
        }

        return result;
    }
}

using Torchyard.Images.Files;
using Torchyard.Images.Tar;

namespace Torchyard.Images.Layers;

/// <summary>How the kernel's overlayfs keeps an entry in one of its directories, and what of it belongs into a layer.</summary>
internal static class OverlayEntry
{
    /// <summary>True for what stands for a removed entry: a character device 0:0.</summary>
    internal static bool IsWhiteout(in Posix.StatxResult stat) => stat is { Type: Posix.TypeCharacter, DeviceMajor: 0, DeviceMinor: 0 };

    /// <summary>True for a directory that hides those of its name below.</summary>
    internal static bool IsOpaque(string path) =>
        Posix.GetXattr(path, "trusted.overlay.opaque") is [(byte)'y'] || Posix.GetXattr(path, "user.overlay.opaque") is [(byte)'y'];

    /// <summary>The kind of an entry; null for a socket, which is nothing without its process.</summary>
    internal static TarKind? Kind(uint type) => type switch
    {
        Posix.TypeFile => TarKind.File,
        Posix.TypeDirectory => TarKind.Directory,
        Posix.TypeSymlink => TarKind.Symlink,
        Posix.TypeCharacter => TarKind.CharacterDevice,
        Posix.TypeBlock => TarKind.BlockDevice,
        Posix.TypeFifo => TarKind.Fifo,
        _ => null,
    };

    /// <summary>The entry as a layer has it.</summary>
    /// <param name="path">Where it lies on this machine.</param>
    /// <param name="inside">Path inside the root, for errors.</param>
    /// <param name="kind">Its <see cref="Kind"/>.</param>
    /// <param name="stat">Its status.</param>
    internal static TarEntry Read(string path, string inside, TarKind kind, in Posix.StatxResult stat) => new()
    {
        Name = inside,
        Kind = kind,
        LinkTarget = kind == TarKind.Symlink ? new FileInfo(path).LinkTarget ?? "" : "",
        Mode = stat.Mode & 0xFFF,
        User = stat.User,
        Group = stat.Group,
        Size = kind == TarKind.File ? (long)stat.Size : 0,
        ModifiedAt = stat.Modified.Seconds,
        DeviceMajor = stat.DeviceMajor,
        DeviceMinor = stat.DeviceMinor,
        Xattrs = ReadXattrs(path, inside),
    };

    private static List<KeyValuePair<string, byte[]>> ReadXattrs(string path, string inside)
    {
        var result = new List<KeyValuePair<string, byte[]>>();
        foreach (var name in Posix.ListXattrs(path).Order(StringComparer.Ordinal))
        {
            if (name is "trusted.overlay.redirect" or "user.overlay.redirect" or "trusted.overlay.metacopy" or "user.overlay.metacopy")
            {
                throw ImageErrors.UnportableOverlay(inside);
            }

            // Labels and signatures of this machine's security modules do not belong into an image; file capabilities do.
            if ((name.StartsWith("user.", StringComparison.Ordinal) && !name.StartsWith("user.overlay.", StringComparison.Ordinal))
                || name == "security.capability")
            {
                if (Posix.GetXattr(path, name) is { } value)
                {
                    result.Add(new(name, value));
                }
            }
        }

        return result;
    }
}

using System.Globalization;
using Torchyard.Images.Tar;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Capture.Plan;

/// <summary>What tells whether a file is still the one that was looked at: identity, size and both times of its inode (inode(7)).</summary>
internal readonly record struct FileStamp
{
    public required uint Major { get; init; }
    public required uint Minor { get; init; }
    public required ulong Inode { get; init; }
    public required ulong Size { get; init; }
    public required long ModifiedSeconds { get; init; }
    public required uint ModifiedNanoseconds { get; init; }
    public required long ChangedSeconds { get; init; }
    public required uint ChangedNanoseconds { get; init; }

    public static FileStamp Of(in FileStatus stat) =>
        new()
        {
            Major = stat.FileSystemMajor,
            Minor = stat.FileSystemMinor,
            Inode = stat.Inode,
            Size = stat.Size,
            ModifiedSeconds = stat.Modified.Seconds,
            ModifiedNanoseconds = stat.Modified.Nanoseconds,
            ChangedSeconds = stat.Changed.Seconds,
            ChangedNanoseconds = stat.Changed.Nanoseconds,
        };

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Major}:{Minor}:{Inode}:{Size}:{ModifiedSeconds}.{ModifiedNanoseconds}:{ChangedSeconds}.{ChangedNanoseconds}"
        );
}

/// <summary>An entry of a layer and where its content comes from.</summary>
/// <param name="Entry">As it goes into the layer; the name is the path inside the image without a leading slash.</param>
internal sealed record CaptureEntry(TarEntry Entry)
{
    /// <summary>Path on this machine of a file's content; null when <see cref="Content"/> has it.</summary>
    public string? Source { get; init; }

    /// <summary>The source as it was when the plan was made.</summary>
    public FileStamp Stamp { get; init; }

    /// <summary>True when the source has other names too, which may be in the same layer.</summary>
    public bool HasOtherNames { get; init; }

    /// <summary>Content that the capture itself makes.</summary>
    public ReadOnlyMemory<byte>? Content { get; init; }

    /// <summary>A file that this program writes.</summary>
    public static CaptureEntry Text(
        string path,
        ReadOnlyMemory<byte> content,
        int mode = FileModes.Readable,
        uint user = 0,
        uint group = 0
    ) =>
        new(
            new TarEntry
            {
                Name = path,
                Kind = TarKind.File,
                Mode = mode,
                User = user,
                Group = group,
                Size = content.Length,
                ModifiedAt = CapturePlan.ModifiedAt,
            }
        )
        {
            Content = content,
        };

    /// <summary>A symbolic link.</summary>
    public static CaptureEntry Link(string path, string target, uint user = 0, uint group = 0) =>
        new(
            new TarEntry
            {
                Name = path,
                Kind = TarKind.Symlink,
                LinkTarget = target,
                Mode = FileModes.Everything,
                User = user,
                Group = group,
                ModifiedAt = CapturePlan.ModifiedAt,
            }
        );

    /// <summary>A directory.</summary>
    public static CaptureEntry Directory(string path, int mode = FileModes.Directory, uint user = 0, uint group = 0) =>
        new(
            new TarEntry
            {
                Name = path,
                Kind = TarKind.Directory,
                Mode = mode,
                User = user,
                Group = group,
                ModifiedAt = CapturePlan.ModifiedAt,
            }
        );
}

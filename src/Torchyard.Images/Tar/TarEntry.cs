namespace Torchyard.Images.Tar;

/// <summary>What an entry of an archive is.</summary>
public enum TarKind
{
    /// <summary>A regular file.</summary>
    File,

    /// <summary>A second name of a file.</summary>
    HardLink,

    /// <summary>A symbolic link.</summary>
    Symlink,

    /// <summary>A character device.</summary>
    CharacterDevice,

    /// <summary>A block device.</summary>
    BlockDevice,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A FIFO.</summary>
    Fifo,
}

/// <summary>One entry of a tar archive, with what PAX and GNU headers say folded in.</summary>
public sealed record TarEntry
{
    /// <summary>Path as the archive has it, without normalisation: untrusted.</summary>
    public required string Name { get; init; }

    /// <summary>What it is.</summary>
    public required TarKind Kind { get; init; }

    /// <summary>Target of a link: untrusted.</summary>
    public string LinkTarget { get; init; } = "";

    /// <summary>Permission bits with set-uid, set-gid and sticky: 07777.</summary>
    public int Mode { get; init; }

    /// <summary>Owner.</summary>
    public uint User { get; init; }

    /// <summary>Group.</summary>
    public uint Group { get; init; }

    /// <summary>Bytes of content that follow; 0 for everything but files.</summary>
    public long Size { get; init; }

    /// <summary>Modification time, seconds since 1970; fractions are dropped.</summary>
    public long ModifiedAt { get; init; }

    /// <summary>Major number of a device.</summary>
    public uint DeviceMajor { get; init; }

    /// <summary>Minor number of a device.</summary>
    public uint DeviceMinor { get; init; }

    /// <summary>Extended attributes by name, ordinal order (PAX records <c>SCHILY.xattr.NAME</c>).</summary>
    public IReadOnlyList<KeyValuePair<string, byte[]>> Xattrs { get; init; } = [];
}

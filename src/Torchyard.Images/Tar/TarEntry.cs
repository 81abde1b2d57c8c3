namespace Torchyard.Images.Tar;

/// <summary>What an entry of an archive is.</summary>
internal enum TarKind
{
    File,
    HardLink,
    Symlink,
    CharacterDevice,
    BlockDevice,
    Directory,
    Fifo,
}

/// <summary>One entry of a tar archive, with what PAX and GNU headers say folded in.</summary>
internal sealed record TarEntry
{
    /// <summary>Path as the archive has it, without normalisation: untrusted.</summary>
    public required string Name { get; init; }

    public required TarKind Kind { get; init; }

    /// <summary>Target of a link: untrusted.</summary>
    public string LinkTarget { get; init; } = "";

    /// <summary>Permission bits with set-uid, set-gid and sticky: 07777.</summary>
    public int Mode { get; init; }

    public uint User { get; init; }

    public uint Group { get; init; }

    /// <summary>Bytes of content that follow; 0 for everything but files.</summary>
    public long Size { get; init; }

    /// <summary>Modification time, seconds since 1970; fractions are dropped.</summary>
    public long ModifiedAt { get; init; }

    public uint DeviceMajor { get; init; }

    public uint DeviceMinor { get; init; }

    /// <summary>Extended attributes by name, ordinal order (PAX records <c>SCHILY.xattr.NAME</c>).</summary>
    public IReadOnlyList<KeyValuePair<string, byte[]>> Xattrs { get; init; } = [];
}

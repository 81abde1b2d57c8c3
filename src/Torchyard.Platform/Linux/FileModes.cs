namespace Torchyard.Platform.Linux;

/// <summary>Permission bits of files (inode(7)) by name; each says its octal, as chmod(1) takes it.</summary>
public static class FileModes
{
    /// <summary>0644: everybody may read it, its owner write.</summary>
    public const int Readable = 0x1A4;

    /// <summary>0444: everybody may read it, nobody write.</summary>
    public const int ReadOnly = 0x124;

    /// <summary>0755: everybody may read and start it, its owner write.</summary>
    public const int Executable = 0x1ED;

    /// <summary>0755: everybody may enter and list it, its owner make and remove names.</summary>
    public const int Directory = 0x1ED;

    /// <summary>0600: its owner alone may read and write it.</summary>
    public const int Private = 0x180;

    /// <summary>0700: its owner alone may enter it.</summary>
    public const int PrivateDirectory = 0x1C0;

    /// <summary>0640: its group may read it, too; such as /etc/shadow.</summary>
    public const int ReadableByGroup = 0x1A0;

    /// <summary>0711: everybody may enter it, its owner list it.</summary>
    public const int Searchable = 0x1C9;

    /// <summary>01777: everybody may make names in it, and remove their own; such as /tmp.</summary>
    public const int SharedDirectory = 0x3FF;

    /// <summary>0777: what a symbolic link shows, which says nothing; and the bits for owner, group and others.</summary>
    public const int Everything = 0x1FF;

    /// <summary>07777: where in a mode the permission bits are, with those for other ids and the sticky one.</summary>
    public const int Mask = 0xFFF;

    /// <summary>022: the umask that takes writing from everybody but the owner.</summary>
    public const int UsualUmask = 0x12;

    /// <summary>0111: somebody may start it.</summary>
    public const int AnyExecute = 0x49;

    /// <summary>0100: its owner may start it.</summary>
    public const int OwnerExecute = 0x40;

    /// <summary>0070: what the group may do.</summary>
    public const int Group = 0x38;

    /// <summary>0060: the group may read and write.</summary>
    public const int GroupReadWrite = 0x30;

    /// <summary>0020: the group may write.</summary>
    public const int GroupWrite = 0x10;

    /// <summary>0006: others may read and write.</summary>
    public const int OthersReadWrite = 0x6;

    /// <summary>0004: others may read.</summary>
    public const int OthersRead = 0x4;

    /// <summary>0002: others may write.</summary>
    public const int OthersWrite = 0x2;

    /// <summary>0001: others may start a file, or enter a directory.</summary>
    public const int OthersExecute = 0x1;

    /// <summary>01000: in such a directory only the owner of a name may remove it.</summary>
    public const int Sticky = 0x200;

    /// <summary>06000: a program that is started gets the ids of its file.</summary>
    public const int SetIds = 0xC00;
}

using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Copying;

/// <summary>A file, directory or link on its way, with what is kept of it.</summary>
internal sealed record CopyEntry
{
    /// <summary>Its name in the directory that it goes into.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Permission bits. Those for other ids are never among them: a program of a container would run as its owner on the machine, and the
    /// other way round.
    /// </summary>
    public required uint Permissions { get; init; }

    /// <summary>Owner, by its number where it comes from.</summary>
    public required uint User { get; init; }

    /// <summary>Group.</summary>
    public required uint Group { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public required long ModifiedAt { get; init; }

    /// <summary>Bytes of content.</summary>
    public long Size { get; init; }

    private const uint OfFile = FileModes.Everything;
    private const uint OfDirectory = FileModes.Everything | FileModes.Sticky;

    /// <summary>From what is there.</summary>
    public static CopyEntry Of(string name, FileFacts facts) =>
        Of(name, facts.Permissions, facts.IsDirectory, facts.User, facts.Group, facts.ModifiedAt) with
        {
            Size = facts.IsRegular ? facts.Size : 0,
        };

    /// <summary>From its parts.</summary>
    public static CopyEntry Of(string name, uint permissions, bool isDirectory, uint user, uint group, long modifiedAt) =>
        new()
        {
            Name = name,
            Permissions = permissions & (isDirectory ? OfDirectory : OfFile),
            User = user,
            Group = group,
            ModifiedAt = modifiedAt,
        };
}

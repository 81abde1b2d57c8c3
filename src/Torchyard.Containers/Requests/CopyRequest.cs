namespace Torchyard.Containers.Requests;

/// <summary>Files on their way into a container or out of it.</summary>
public sealed record CopyRequest
{
    /// <summary>True to copy into the container.</summary>
    public required bool IntoContainer { get; init; }

    /// <summary>The path inside; relative ones are relative to <c>/</c>.</summary>
    public required string Inside { get; init; }

    /// <summary>Absolute path on the machine; null for a tar archive on standard input or output.</summary>
    public required string? Outside { get; init; }

    /// <summary>The destination was written with a slash behind it, so that it has to be a directory.</summary>
    public bool WantsDirectory { get; init; }

    /// <summary>The source was written with <c>/.</c> behind it: copy what is in it, and not the directory.</summary>
    public bool ContentAlone { get; init; }

    /// <summary>Follow a link that the source is.</summary>
    public bool FollowLink { get; init; }

    /// <summary>Keep the numbers of owners.</summary>
    public bool KeepOwners { get; init; }
}

namespace Torchyard.Platform.Files;

/// <summary>
/// A directory of the machine that programs which are not trusted may write to, such as what a container has mounted. Its path is not a
/// string, so that nothing below it is reached but through <see cref="ConfinedDirectory"/>.
/// </summary>
public sealed record UntrustedDirectory
{
    private UntrustedDirectory(string path) => Path = path;

    /// <summary>The directory itself: to mount it, make it, or name it to people. What is below it is never reached by this.</summary>
    public string Path { get; }

    /// <summary>A directory that is there, or will be.</summary>
    /// <param name="path">Absolute; only the directory's owner may exchange its last part.</param>
    public static UntrustedDirectory At(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.StartsWith('/') ? new UntrustedDirectory(path) : throw new ArgumentException($"'{path}' is not absolute", nameof(path));
    }

    /// <summary>Makes it if it is not there.</summary>
    public void Make() => Directory.CreateDirectory(Path);

    /// <summary>Opens it.</summary>
    /// <exception cref="DirectoryNotFoundException">It is not there, or no directory.</exception>
    public ConfinedDirectory Open() => ConfinedDirectory.Open(Path);

    /// <summary>Opens it; null when it is not there.</summary>
    public ConfinedDirectory? TryOpen() => ConfinedDirectory.TryOpen(Path);

    /// <summary>What people are told of something in it.</summary>
    public string Shown(string name) => $"{Path}/{name}";

    /// <inheritdoc />
    public override string ToString() => Path;
}

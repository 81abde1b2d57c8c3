using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Platform.Files;

/// <summary>
/// A file or directory of this user's outside of the store, such as a file of settings. It is changed or removed only where it is the
/// user's own, and in a directory in which nobody else can put another in its place.
/// </summary>
/// <param name="path">Absolute path.</param>
public sealed class OwnFile(string path)
{
    private readonly string _above = Path.GetDirectoryName(path) ?? "/";

    /// <summary>True where a link at the path itself leads to another place.</summary>
    public bool IsLink => FileFacts.Find(path) is { IsLink: true };

    /// <summary>Content of the file, whoever it belongs to; null when nothing is there. Links are followed.</summary>
    /// <param name="limit">More bytes than any right file has.</param>
    /// <exception cref="Errors.TorchyardException">TY9023: it is not a regular file; TY9024: it is larger.</exception>
    public byte[]? Read(long limit) => RegularFile.TryRead(RealPath.Of(path), limit);

    /// <summary>
    /// Writes the file in one step, where links of the user lead to it. One that is there keeps its mode and group; a new one is private.
    /// </summary>
    /// <exception cref="UnauthorizedAccessException">It is not the user's own.</exception>
    public void Replace(ReadOnlySpan<byte> content)
    {
        var real = RealPath.Of(path);
        RequireWay(_above);
        using var directory = Open(Path.GetDirectoryName(real)!);
        var name = Path.GetFileName(real);
        if (directory.Status(name) is { } facts && !(facts.IsRegular && IsOwn(facts)))
        {
            throw new UnauthorizedAccessException(
                facts.IsRegular ? $"{real} belongs to another user" : $"{real} is {facts.Description}, not a regular file"
            );
        }

        directory.Replace(name, content, FileModes.Private);
    }

    /// <summary>
    /// Removes what is at the path, a directory with all that is in it; of a link the link alone. Nothing happens when nothing is there.
    /// </summary>
    /// <exception cref="UnauthorizedAccessException">It is not the user's own.</exception>
    public void Remove()
    {
        RequireWay(_above);
        using var directory = Open(RealPath.Of(_above));
        var name = Path.GetFileName(path);
        if (directory.Status(name) is { } facts && !IsOwn(facts))
        {
            throw new UnauthorizedAccessException($"{path} belongs to another user");
        }

        directory.DeleteTree(name);
    }

    private static bool IsOwn(FileFacts facts) => facts.User == UserCalls.EffectiveUser();

    private static ConfinedDirectory Open(string real)
    {
        RequireWay(real);
        return ConfinedDirectory.TryOpenReal(real, out var error) is { } opened
            ? ConfinedDirectory.Of(opened, real)
            : throw FileRefusal.Of(real, real, error);
    }

    // Another user can lead root elsewhere by a link; an ordinary user cannot be led to more than is their own anyway.
    private static void RequireWay(string directory)
    {
        if (
            UserCalls.EffectiveUser() == 0
            && IdentityMap.ReadUsers().IsWholeMachine
            && FileTrust.OfThisProcess.CheckWay(directory) is { } mistrust
        )
        {
            throw new UnauthorizedAccessException(mistrust.ToString());
        }
    }
}

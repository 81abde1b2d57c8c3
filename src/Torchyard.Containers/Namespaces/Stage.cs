using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// The directory that is the stage of root's containers. It stays empty on the machine: each start mounts a file system of its own on it,
/// in a mount namespace of its own. The runtime, which is nobody on the machine once it is in the container's user namespace, can search
/// the way there.
/// </summary>
internal static class Stage
{
    private const string Runtime = "/run/torchyard";

    /// <summary>Directory of facts about the running machine; gone when it reboots.</summary>
    public static string Facts => Runtime;

    /// <summary>The stage's name in it.</summary>
    public const string Name = "stage";

    /// <summary>The name of the directory at which a container's root file system is mounted.</summary>
    public const string RootFileSystem = "rootfs";

    /// <summary>Makes the directory if it is not there.</summary>
    /// <exception cref="TorchyardException">TY4094: it is not root's alone.</exception>
    public static string Ensure()
    {
        var stage = Path.Combine(Runtime, Name);
        Insist(Runtime);
        Insist(stage);
        // Empty on the machine: runc starts its 'exec' in the directory of that name, wherever the root file system is mounted.
        Insist(Path.Combine(stage, RootFileSystem));
        return stage;
    }

    private static void Insist(string path)
    {
        Directory.CreateDirectory(path, (UnixFileMode)FileModes.Searchable);
        using var place = ConfinedDirectory.TryOpenReal(path, out _);
        var status = place is null ? null : StatusCalls.Read(place);
        if (status is not { IsDirectory: true, User: 0 })
        {
            throw new TorchyardException("TY4094", $"{path} is not a directory of root's", $"remove {path}");
        }

        if ((status.Value.Mode & FileModes.Mask) != FileModes.Searchable)
        {
            File.SetUnixFileMode(path, (UnixFileMode)FileModes.Searchable);
        }
    }
}

using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Platform.Files;

/// <summary>
/// Refuses a store that somebody else can exchange: its records say what is mounted and started, so whoever writes them runs programs as
/// its user. As root, neither the directory nor one on the way to it may be another user's to change. An ordinary user's store must be
/// their own (or root's); the directories above it are often a group's, which is that user's choice.
/// </summary>
public static class StoreTrust
{
    /// <summary>Refuses a store; one that is not there yet is judged by where it would be made.</summary>
    /// <param name="paths">The store.</param>
    /// <exception cref="TorchyardException">TY9029: somebody else can change it.</exception>
    public static void Require(StorePaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        // In a user namespace the process that made it has looked, when ids still told users apart.
        if (IdentityMap.ReadUsers().IsWholeMachine)
        {
            Require(paths, UserCalls.EffectiveUser() == 0, FileTrust.OfThisProcess);
        }
    }

    internal static void Require(StorePaths paths, bool isRoot, FileTrust trust)
    {
        var mistrust = Foreign(paths.Root, trust) ?? (isRoot ? Exchangeable(paths.Root, trust) : null);
        if (mistrust is not null)
        {
            throw new TorchyardException(
                "TY9029",
                $"the store {paths.Root} is not used, because {mistrust}: who may change a store runs programs as its user",
                isRoot
                    ? "choose a store that only root can change (--store DIR or TORCHYARD_STORE), or run "
                        + "torchyard as the user whom this one belongs to"
                    : "choose a store of your own with --store DIR or TORCHYARD_STORE"
            );
        }
    }

    private static Mistrust? Foreign(string root, FileTrust trust) =>
        FileFacts.Find(RealPath.Of(root)) is { } facts && !trust.IsOwner(facts.User)
            ? new Mistrust(root, facts.User, facts.Permissions, "belongs to another user")
            : null;

    /// <summary>Above the store itself, whose own mode is corrected; by every way, where the last part is a link.</summary>
    private static Mistrust? Exchangeable(string root, FileTrust trust) =>
        trust.CheckWay(Above(root)) ?? (RealPath.Of(root) is var real && real != root ? trust.CheckWay(Above(real)) : null);

    private static string Above(string path)
    {
        var above = Path.GetDirectoryName(path) ?? "/";
        while (!Path.Exists(above) && Path.GetDirectoryName(above) is { } parent)
        {
            above = parent;
        }

        return above;
    }
}

using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Copying;

/// <summary>
/// As whom files are made on a mount that shows other ids than its disk has: it has none for the machine's root, who may write there all
/// the same (EOVERFLOW). So the calling thread makes them as a user of the container, with root's capabilities, until this is disposed
/// of. Who they belong to in the end is set afterwards, by descriptor.
/// </summary>
internal sealed class MakerIds : IDisposable
{
    private MakerIds() { }

    /// <summary>Begins to be that user; null when the thread may not.</summary>
    /// <param name="user">The user, as this process sees ids.</param>
    /// <param name="group">The group.</param>
    public static MakerIds? Take(uint user, uint group)
    {
        var ids = new MakerIds();
        _ = UserCalls.SetFileSystemGroup(group);
        _ = UserCalls.SetFileSystemUser(user);
        if (CapabilityCalls.RaisePermitted() == 0)
        {
            return ids;
        }

        ids.Dispose();
        return null;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // Back to root, which makes the capabilities effective again.
        _ = UserCalls.SetFileSystemUser(UserCalls.EffectiveUser());
        _ = UserCalls.SetFileSystemGroup(UserCalls.EffectiveGroup());
    }
}

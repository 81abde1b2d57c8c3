using Torchyard.CommandLine;
using Torchyard.Containers.State;
using Torchyard.Platform;

namespace Torchyard.Commands;

/// <summary>Which containers use which images.</summary>
internal sealed class ImageUsers
{
    private readonly Dictionary<Digest, string> _users = [];

    private ImageUsers()
    {
    }

    /// <summary>Manifests that containers use.</summary>
    public IReadOnlySet<Digest> Images => _users.Keys.ToHashSet();

    /// <summary>Asks the containers of the store.</summary>
    public static async Task<ImageUsers> FindAsync(Invocation invocation, CancellationToken cancellation)
    {
        var result = new ImageUsers();
        foreach (var container in await new ContainerStore(invocation.Store, invocation.Caller.Clock).ListAsync(cancellation))
        {
            if (Digest.TryParse(container.Record.ImageDigest, out var image))
            {
                result._users[image] = $"container {container.Record.Name}";
            }
        }

        return result;
    }

    /// <summary>Who uses an image, or null.</summary>
    public string? UserOf(Digest image) => _users.GetValueOrDefault(image);
}

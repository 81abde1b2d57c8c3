using Torchyard.Flows.Hosts;
using Torchyard.Platform.Digests;

namespace Torchyard.Flows.Removal;

/// <summary>Which containers use which images.</summary>
internal sealed class ImageUsers
{
    private readonly Dictionary<Digest, string> _users = [];

    private ImageUsers() { }

    /// <summary>Manifests that containers use.</summary>
    public IReadOnlySet<Digest> Images => _users.Keys.ToHashSet();

    /// <summary>A container whose record is lost, so that nobody knows its image; null when there is none.</summary>
    public string? Unknown { get; private set; }

    /// <summary>Asks the containers of the store.</summary>
    public static async Task<ImageUsers> FindAsync(Host host, CancellationToken cancellation)
    {
        var result = new ImageUsers();
        foreach (var container in await host.Containers().ListAsync(cancellation))
        {
            if (Digest.TryParse(container.Record.ImageDigest, out var image))
            {
                result._users[image] = $"container {container.Record.Name}";
            }
            else
            {
                result.Unknown = $"container {container.Record.Name}";
            }
        }

        return result;
    }

    /// <summary>Who uses an image, or null.</summary>
    public string? UserOf(Digest image) => _users.GetValueOrDefault(image);
}

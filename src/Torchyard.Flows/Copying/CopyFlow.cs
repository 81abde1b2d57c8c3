using Torchyard.Containers.Copying;
using Torchyard.Containers.Requests;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Naming;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Copying;

/// <summary>Copies files between this machine and a container, as docker's <c>cp</c> names them.</summary>
internal sealed class CopyFlow(Host host)
{
    private const string Archive = "-";

    /// <summary>Copies.</summary>
    /// <param name="from">Source: a path, <c>CONTAINER:PATH</c>, <c>:PATH</c> for this directory's environment, or <c>-</c>.</param>
    /// <param name="to">Destination, alike.</param>
    /// <param name="followLink">Follow a link that the source is.</param>
    /// <param name="keepOwners">Keep the numbers of owners.</param>
    /// <param name="cancellation">Ends the copying; what was not complete is removed.</param>
    /// <returns>What was copied; null into an archive, which says nothing beside it.</returns>
    /// <exception cref="TorchyardException">TY9001: not one of the two is in a container; TY4040, TY4109: there is no such container;
    /// TY4130 to TY4135.</exception>
    public async Task<Copied> RunAsync(string from, string to, bool followLink, bool keepOwners, CancellationToken cancellation)
    {
        var (source, destination) = (Place.Of(from), Place.Of(to));
        var into = (source.Container, destination.Container) switch
        {
            (null, not null) => true,
            (not null, null) => false,
            (null, null) => throw Wrong(
                "'torchyard cp' copies into a container or out of one, and neither is named",
                "write CONTAINER:PATH for one of the two, or :PATH for the environment of this directory"
            ),
            _ => throw Wrong(
                "'torchyard cp' does not copy from one container to another",
                "copy through a pipe: torchyard cp ONE:PATH - | torchyard cp - OTHER:DIRECTORY"
            ),
        };
        var (inside, outside) = into ? (destination, source) : (source, destination);
        if (inside.Path.Length == 0)
        {
            throw Wrong($"'{(into ? to : from)}' names no path in the container", "write CONTAINER:PATH");
        }

        var container = await new NamedContainers(host).FindAsync(inside.Container is { Length: > 0 } name ? name : null, cancellation);
        return await new ContainerCopy(host.Containers(), host.Self, host.Progress).RunAsync(
            container,
            new CopyRequest
            {
                IntoContainer = into,
                Inside = inside.Path,
                Outside = outside.Path == Archive ? null : host.Caller.FullPath(outside.Path),
                WantsDirectory = destination.Path.EndsWith('/'),
                ContentAlone = source.Path == "." || source.Path.EndsWith("/.", StringComparison.Ordinal),
                // Whoever writes a slash behind a link means where it leads.
                FollowLink = followLink || source.Path.EndsWith('/') || source.Path.EndsWith("/.", StringComparison.Ordinal),
                KeepOwners = keepOwners,
            },
            cancellation
        );
    }

    private static TorchyardException Wrong(string message, string cure) => new("TY9001", message, cure) { IsUsage = true };

    /// <summary>One side.</summary>
    /// <param name="Container">The container; empty for this directory's environment, null for this machine.</param>
    /// <param name="Path">The path.</param>
    private readonly record struct Place(string? Container, string Path)
    {
        // As docker has it: a path of this machine that has a colon is written with ./ before it.
        public static Place Of(string word) =>
            word.StartsWith('/') || word.StartsWith('.') || word.IndexOf(':', StringComparison.Ordinal) is not (>= 0 and var colon)
                ? new Place(null, word)
                : new Place(word[..colon], word[(colon + 1)..]);
    }
}

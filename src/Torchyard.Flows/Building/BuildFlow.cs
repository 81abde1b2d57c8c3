using Torchyard.Flows.Assembling;
using Torchyard.Flows.Fitting;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Locking;
using Torchyard.Flows.Locks;
using Torchyard.Flows.Repair;
using Torchyard.Flows.Trust;
using Torchyard.Images.Oci;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Building;

/// <summary>What is to be built.</summary>
internal sealed record BuildRequest
{
    /// <summary>A preset, file, directory or lock; null for the working directory's recipe.</summary>
    public string? Recipe { get; init; }

    /// <summary>Compression of the layers in place of the recipe's; null for that.</summary>
    public LayerCompression? Compression { get; init; }

    /// <summary>A lock that is missing or does not fit is an error.</summary>
    public bool Locked { get; init; }

    /// <summary>Nothing may be fetched, and no archive asked.</summary>
    public bool Offline { get; init; }

    /// <summary>The recipe may have what it wants, this once.</summary>
    public bool Trust { get; init; }

    /// <summary>Directory that paths of a lock are relative to, absolute; null for the lock's own.</summary>
    public string? Directory { get; init; }

    /// <summary>What to say of the time.</summary>
    public BuildAccount Account { get; init; } = BuildAccount.None;
}

/// <summary>Makes the image of a recipe, which is locked where it is not, or of a lock.</summary>
internal sealed class BuildFlow(Host host)
{
    private const string LockExtension = ".lock";

    /// <summary>Makes it, or finds it in the store.</summary>
    /// <exception cref="TorchyardException">TY1020, TY1023: the lock is missing or does not fit; else as
    /// <see cref="ProjectLock.EnsureAsync(RecipeSource, LockOptions, CancellationToken)"/> and
    /// <see cref="ProjectImage.BuildAsync(RecipeLock, BuildAccount, bool, CancellationToken)"/>.</exception>
    public async Task<StoredImage> RunAsync(BuildRequest request, CancellationToken cancellation)
    {
        var (locked, files) = await FindLockAsync(request, cancellation);
        locked = request.Compression is { } other ? ProjectImage.Compressed(locked, other) : locked;
        return await new ProjectImage(host, new RepairingLayers(host), files).BuildAsync(
            locked,
            request.Account,
            request.Offline,
            cancellation
        );
    }

    private async Task<(RecipeLock Lock, ProjectFiles Files)> FindLockAsync(BuildRequest request, CancellationToken cancellation)
    {
        var gate = new RecipeGate(host, request.Trust);
        if (request.Recipe is { } named && named.EndsWith(LockExtension, StringComparison.Ordinal))
        {
            return await gate.OpenLockAsync(host.Caller.FullPath(named), request.Directory, cancellation);
        }

        var source = await gate.OpenAsync(RecipeChoice.Find(host, request.Recipe, torch: null), cancellation);
        if (!request.Locked)
        {
            return (
                await new ProjectLock(host, source.Files).EnsureAsync(
                    source,
                    LockOptions.None with
                    {
                        Offline = request.Offline,
                    },
                    cancellation
                ),
                source.Files
            );
        }

        var place = LockPlace.Of(source, host.Store);
        var locked = LockPlace.Read(source, host.Store)
            ?? throw new TorchyardException("TY1020", $"there is no lock {place}", "run 'torchyard lock' first") { IsUsage = true };
        LockFit.Require(locked, source, place);
        return (locked, source.Files);
    }
}

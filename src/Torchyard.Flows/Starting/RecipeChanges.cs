using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Starting;

/// <summary>Finds what a recipe says otherwise than its running environment has it, and no running container can take on.</summary>
/// <param name="source">The recipe.</param>
/// <param name="home">The user's home directory.</param>
/// <param name="store">Where the shared caches are.</param>
/// <param name="lockDigest">Digest of the lock as it is now; null without one.</param>
/// <param name="images">Where the environment's image is.</param>
internal sealed class RecipeChanges(RecipeSource source, string home, StorePaths store, Digest? lockDigest, ImageStore images)
{
    /// <summary>The changes that wait for <c>up --recreate</c>.</summary>
    public IReadOnlyList<EnvironmentChange> Of(ContainerRecord record, ContainerLimits asked)
    {
        var mounts = Mounts(record).ToList();
        return [.. Image(record, mounts), .. mounts, .. SharedMemory(record, asked), .. Gpus(record)];
    }

    private IEnumerable<EnvironmentChange> Image(ContainerRecord record, List<EnvironmentChange> mounts)
    {
        var now = RecipeDigest.Of(source).ToString();
        if (record.Labels.GetValueOrDefault(EnvironmentLabels.Recipe) == now)
        {
            return lockDigest is { } digest && record.Labels.TryGetValue(EnvironmentLabels.Lock, out var old) && old != digest.ToString()
                ?
                [
                    EnvironmentChange.Waiting(
                        "lock",
                        old,
                        digest.ToString(),
                        $"other packages: {Path.GetFileName(source.LockFile) ?? "the lock"} was written anew"
                    ),
                ]
                : [];
        }

        if (!Digest.TryParse(record.ImageDigest, out var manifest) || images.LockOf(manifest) is not { } made)
        {
            return [EnvironmentChange.Waiting("image", record.ImageDigest, null, "another image: the recipe changed")];
        }

        var differences = RecipeDifferences.Between(made.Recipe, source.Recipe);
        return differences.Count > 0
                ? differences.Select(found => EnvironmentChange.Waiting(found.Key, found.Before, found.After, found.Text))
            // A mount's target is part of the image.
            : mounts.Any(mount => mount.Running is null || mount.Recipe is null) ? []
            : [EnvironmentChange.Waiting("files", null, null, "another image: a file that the recipe names changed")];
    }

    private IEnumerable<EnvironmentChange> Mounts(ContainerRecord record)
    {
        var wanted = EnvironmentRequest
            .RecipeMounts(source, home)
            .Concat(EnvironmentRequest.CacheMounts(source.Recipe, store))
            .ToDictionary(mount => mount.Target, Shown, StringComparer.Ordinal);
        var running = record
            .Mounts.Where(mount => !EnvironmentRequest.OwnTargets.Contains(mount.Target) || wanted.ContainsKey(mount.Target))
            .ToDictionary(mount => mount.Target, Shown, StringComparer.Ordinal);
        foreach (var target in wanted.Keys.Union(running.Keys, StringComparer.Ordinal))
        {
            var (has, says) = (running.GetValueOrDefault(target), wanted.GetValueOrDefault(target));
            if (has != says)
            {
                yield return EnvironmentChange.Waiting(
                    "mount " + target,
                    has,
                    says,
                    (has, says) switch
                    {
                        (null, _) => $"mount {target}: {says}, which is new",
                        (_, null) => $"mount {target}: {has} removed",
                        _ => $"mount {target}: {says}, was {has}",
                    }
                );
            }
        }
    }

    private static string Shown(MountRequest mount) => mount.Source + (mount.ReadOnly ? " (read-only)" : "");

    private static IEnumerable<EnvironmentChange> SharedMemory(ContainerRecord record, ContainerLimits asked)
    {
        // Where the recipe never said anything of it, it stays as the memory limit of the start made it.
        if (asked.SharedMemory is { } bytes ? bytes == record.Limits.SharedMemory : record.AskedLimits?.SharedMemory is null)
        {
            yield break;
        }

        var (has, says) = (
            ByteSize.Binary(record.Limits.SharedMemory),
            asked.SharedMemory is { } size ? ByteSize.Binary(size) : "half of the memory"
        );
        yield return EnvironmentChange.Waiting("limits.shared-memory", has, says, $"shared-memory {says}, was {has}");
    }

    private IEnumerable<EnvironmentChange> Gpus(ContainerRecord record)
    {
        if (record.Labels.TryGetValue(EnvironmentLabels.Gpus, out var had) && had != (source.Recipe.Limits.Gpus ?? ""))
        {
            var (has, says) = (had.Length > 0 ? had : "all that are free", source.Recipe.Limits.Gpus ?? "all that are free");
            yield return EnvironmentChange.Waiting("limits.gpus", has, says, $"gpus {says}, was {has}");
        }
    }
}

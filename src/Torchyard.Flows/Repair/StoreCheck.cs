using Torchyard.Containers.Repair;
using Torchyard.Flows.Hosts;
using Torchyard.Images.Errors;
using Torchyard.Images.Store;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Repair;

/// <summary>What a check of the store found.</summary>
/// <param name="Sound">Nothing is wrong.</param>
/// <param name="Problems">What is wrong, a line each.</param>
/// <param name="Repaired">What was wrong and is not any more.</param>
internal sealed record StoreFindings(bool Sound, IReadOnlyList<string> Problems, IReadOnlyList<string> Repaired);

/// <summary>Recomputes everything that the store says of itself, and repairs it when asked.</summary>
internal sealed class StoreCheck(Host host)
{
    /// <summary>Checks the store.</summary>
    /// <param name="repair">Make again what can be made again.</param>
    /// <param name="cancellation">Ends the work.</param>
    public async Task<StoreFindings> RunAsync(bool repair, CancellationToken cancellation)
    {
        using var use = await new ImageStore(host.Store).BeginUseAsync(host.Progress, cancellation, repair: false);
        // Its own list of containers tells what is damaged, so the warning that other verbs give would say it twice.
        var containers = new ContainerCheck(host.Containers());
        var found = Find(cancellation);
        var records = await containers.FindAsync(cancellation);
        var texts = Texts(found, records);
        if (texts.Count == 0 || !repair)
        {
            return new StoreFindings(texts.Count == 0, texts, []);
        }

        List<string> kept = [.. records.Select(record => record.Repair()).OfType<string>()];
        kept.AddRange(await RepairAsync(found, cancellation));
        var left = Texts(Find(cancellation), await containers.FindAsync(cancellation));
        return new StoreFindings(left.Count == 0, [.. left, .. kept], [.. texts.Except(left)]);
    }

    private static List<string> Texts(List<StoreProblem> problems, IReadOnlyList<ContainerProblem> records) =>
        [.. problems.Select(problem => problem.Text), .. records.Select(record => record.Text)];

    private List<StoreProblem> Find(CancellationToken cancellation) =>
        [
            .. new ImageStore(host.Store).Validate(host.Progress, cancellation),
            .. PackageCacheCheck
                .Run(host.Store, host.Progress, cancellation)
                .Select(file => new StoreProblem(
                    StoreProblemKind.CachedFile,
                    file,
                    $"the cached package file {file.Hex} has other content than its name says"
                )),
        ];

    /// <summary>Repairs what can be repaired.</summary>
    /// <returns>What could not, one line each.</returns>
    private async Task<List<string>> RepairAsync(List<StoreProblem> problems, CancellationToken cancellation)
    {
        var images = new ImageStore(host.Store);
        var repair = new StoreRepair(host.Store);
        // First the list of images: all else is found through it.
        var names = await repair.MendIndexAsync(cancellation);
        var running = (await host.Containers().ListAsync(cancellation)).Where(container => container.IsRunning).ToList();
        var users = new Dictionary<Digest, string>();
        // Of a container whose record is lost nobody knows the layers, so it may have any of them.
        var unknown = running.FirstOrDefault(container => !container.Record.IsKnown) is { } lost ? $"container {lost.Record.Name}" : null;
        foreach (var image in images.List())
        {
            if (running.FirstOrDefault(container => container.Record.ImageDigest == image.Manifest.ToString()) is { } container)
            {
                foreach (var layer in image.DiffIds)
                {
                    users[layer] = $"container {container.Record.Name}";
                }
            }
        }

        var plan = repair.Begin(problems, layer => users.GetValueOrDefault(layer) ?? unknown);
        List<string> kept = [.. names, .. plan.Kept];
        var repaired = new RepairedImage(host);
        foreach (var image in plan.Images)
        {
            await TryAsync(() =>
                repaired.RemakeAsync(
                    image,
                    new TorchyardException(ImageCodes.DamagedBlob, $"image {image} has damaged blobs", "run 'torchyard build' again"),
                    cancellation
                )
            );
        }

        foreach (var image in images.List().Where(new MountedLayers(host.Store).IsMissing))
        {
            await TryAsync(() => new RepairingLayers(host).EnsureAsync(image, host.Progress, cancellation));
        }

        return kept;

        async Task TryAsync(Func<Task> repair)
        {
            try
            {
                await repair();
            }
            catch (TorchyardException failure)
            {
                kept.Add($"{failure.Code}: {failure.Message}; {failure.Cure}");
            }
        }
    }
}

using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.Building;
using Torchyard.CommandLine;
using Torchyard.Images;
using Torchyard.Packages.Fetching;
using Torchyard.Platform;

namespace Torchyard.Commands;

/// <summary><c>torchyard check</c>: recomputes everything that the store says of itself, and mends it when asked.</summary>
internal sealed partial class CheckCommand : Verb
{
    private readonly Option<bool> _repair = new("--repair") { Description = "Fetch, extract and make again what is damaged" };

    public CheckCommand()
        : base("check", VerbGroup.Store, "Check every digest of the store, and repair it")
    {
        Options.Add(_repair);
        Options.Add(GlobalOptions.Json);
        TouchesLayers = true;
        Details = """
            Reads every blob, every layer and every cached package, and recomputes digests and sizes: of
            manifests, configurations, layers compressed and not, of the mounted form of layers, and of
            package files. Ends with 1 when something is wrong.

            With --repair, damaged package files are removed (the next build fetches them), mounted layers
            are extracted again from their blobs, and damaged blobs are made again from the lock that is
            attached to their image. A layer under a running container is left alone until that stops.
            """;
        Examples =
        [
            new("torchyard check", "after a crash, or when a disk is in doubt"),
            new("torchyard check --repair", "and mend what is found"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        using var use = await new ImageStore(invocation.Store).BeginUseAsync(invocation.Screen.Progress, cancellation);
        var found = Find(invocation, cancellation);
        var repaired = new List<string>();
        if (found.Count > 0 && invocation.Get(_repair))
        {
            var kept = await RepairAsync(invocation, found, cancellation);
            var left = Find(invocation, cancellation);
            repaired.AddRange(found.Select(problem => problem.Text).Except(left.Select(problem => problem.Text)));
            Show(invocation, new Answer(left.Count == 0, [.. left.Select(problem => problem.Text), .. kept], repaired));
            return left.Count == 0 ? ExitCode.Done : ExitCode.Failed;
        }

        Show(invocation, new Answer(found.Count == 0, [.. found.Select(problem => problem.Text)], []));
        return found.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static List<StoreProblem> Find(Invocation invocation, CancellationToken cancellation) =>
    [
        .. new ImageStore(invocation.Store).Validate(invocation.Screen.Progress, cancellation),
        .. PackageCacheCheck.Run(invocation.Store, invocation.Screen.Progress, cancellation)
            .Select(file => new StoreProblem(StoreProblemKind.CachedFile, file, $"the cached package file {file.Hex} has other content than its name says")),
    ];

    /// <summary>Mends what can be mended.</summary>
    /// <returns>What could not, one line each.</returns>
    private static async Task<List<string>> RepairAsync(Invocation invocation, List<StoreProblem> problems, CancellationToken cancellation)
    {
        var images = new ImageStore(invocation.Store);
        var running = (await invocation.Containers().ListAsync(cancellation)).Where(container => container.IsRunning).ToList();
        var users = new Dictionary<Digest, string>();
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

        var plan = new StoreRepair(invocation.Store).Begin(problems, users.GetValueOrDefault);
        var kept = plan.Kept.ToList();
        var mended = new MendedImage(invocation);
        foreach (var image in plan.Images)
        {
            await TryAsync(() => mended.RemakeAsync(
                image, new TorchyardException("TY3008", $"image {image} has damaged blobs", "run 'torchyard build' again"), cancellation));
        }

        foreach (var image in images.List().Where(new MountedLayers(invocation.Store).IsMissing))
        {
            await TryAsync(() => new MendingLayers(invocation).EnsureAsync(image, invocation.Screen.Progress, cancellation));
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

    private static void Show(Invocation invocation, Answer answer) => invocation.Answer(answer, CheckJson.Default.Answer, result =>
    {
        foreach (var text in result.Repaired)
        {
            invocation.Screen.Line("repaired: " + text);
        }

        foreach (var text in result.Problems)
        {
            invocation.Screen.Line(text);
        }

        if (result.Sound)
        {
            invocation.Screen.Line("the store is sound");
        }
        else
        {
            invocation.Screen.ErrorLine("'torchyard check --repair' mends what can be made again; 'torchyard rmi' removes an image that cannot");
        }
    });

    internal sealed record Answer(bool Sound, IReadOnlyList<string> Problems, IReadOnlyList<string> Repaired);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class CheckJson : JsonSerializerContext;
}

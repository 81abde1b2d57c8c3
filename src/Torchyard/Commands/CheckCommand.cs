using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Repair;

namespace Torchyard.Commands;

/// <summary><c>torchyard check</c>: recomputes everything that the store says of itself, and repairs it when asked.</summary>
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
            package files. Reads the records of images, builds and containers. Ends with 1 when something
            is wrong.

            With --repair, damaged package files are removed (the next build fetches them), mounted layers
            are extracted again from their blobs, and damaged blobs are made again from the lock that is
            attached to their image. A layer under a running container is left alone until that stops. The list
            of images and the records of containers are written again from their copies, else from the
            images and the processes that are there.
            """;
        Examples =
        [
            new("torchyard check", "after a crash, or when a disk is in doubt"),
            new("torchyard check --repair", "and repair what is found"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var found = await new StoreCheck(invocation.Host).RunAsync(invocation.Get(_repair), cancellation);
        Show(invocation, found);
        return found.Sound ? ExitCode.Done : ExitCode.Failed;
    }

    private static void Show(Invocation invocation, StoreFindings findings) =>
        invocation.Answer(findings, CheckJson.Default.StoreFindings, result =>
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
                invocation.Screen.ErrorLine(
                    "'torchyard check --repair' repairs what can be made again; 'torchyard rmi' removes an image that cannot"
                );
            }
        });

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(StoreFindings))]
    internal sealed partial class CheckJson : JsonSerializerContext;
}

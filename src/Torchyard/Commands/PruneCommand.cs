using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Containers.State;
using Torchyard.Images;
using Torchyard.Platform.Text;

namespace Torchyard.Commands;

/// <summary><c>torchyard prune</c>: frees what nothing uses.</summary>
internal sealed partial class PruneCommand : Verb
{
    private readonly Option<bool> _containers = new("--containers") { Description = "Also remove containers that have ended, with what they wrote outside of mounts" };

    public PruneCommand()
        : base("prune", VerbGroup.Store, "Free what no image and no container uses")
    {
        Options.Add(_containers);
        Options.Add(GlobalOptions.Json);
        TouchesLayers = true;
        Details = """
            Deletes layers of removed images, and leftovers of work that was killed. Images, containers,
            fetched packages and the state of projects stay. Waits for builds and starts under way.
            """;
        Examples =
        [
            new("torchyard prune", "say how much was freed"),
            new("torchyard prune --containers", "first remove every container that has ended"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var removed = invocation.Get(_containers) ? await RemoveEndedAsync(invocation, cancellation) : [];
        var users = await ImageUsers.FindAsync(invocation, cancellation);
        var result = await new ImageStore(invocation.Store).PruneAsync(users.Images, cancellation);
        invocation.Answer(new Answer(result.Blobs, result.Layers, result.Bytes, removed), PruneJson.Default.Answer, found =>
        {
            foreach (var name in found.Containers)
            {
                invocation.Screen.Line($"removed container {name}");
            }

            invocation.Screen.Line($"freed {ByteSize.Decimal(found.Bytes)} in {found.Blobs} blobs, and {found.Layers} mounted layers");
        });
        return ExitCode.Done;
    }

    private static async Task<IReadOnlyList<string>> RemoveEndedAsync(Invocation invocation, CancellationToken cancellation)
    {
        var store = invocation.Containers();
        var ended = (await store.ListAsync(cancellation)).Where(container => container.State.Status == ContainerStatus.Exited).ToList();
        foreach (var container in ended)
        {
            await store.RemoveAsync(container, cancellation);
        }

        return [.. ended.Select(container => container.Record.Name)];
    }

    internal sealed record Answer(int Blobs, int Layers, long Bytes, IReadOnlyList<string> Containers);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class PruneJson : JsonSerializerContext;
}

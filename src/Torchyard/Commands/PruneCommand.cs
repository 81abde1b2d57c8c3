using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Images;
using Torchyard.Platform.Text;

namespace Torchyard.Commands;

/// <summary><c>torchyard prune</c>: frees what nothing uses.</summary>
internal sealed partial class PruneCommand : Verb
{
    public PruneCommand()
        : base("prune", VerbGroup.Store, "Free what no image and no container uses")
    {
        Options.Add(GlobalOptions.Json);
        Details = """
            Deletes layers of removed images, and leftovers of work that was killed. Images, containers,
            fetched packages and the state of projects stay. Waits for builds and starts under way.
            """;
        Examples = [new("torchyard prune", "say how much was freed")];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var users = await ImageUsers.FindAsync(invocation, cancellation);
        var result = await new ImageStore(invocation.Store).PruneAsync(users.Images, cancellation);
        invocation.Answer(new Answer(result.Blobs, result.Layers, result.Bytes), PruneJson.Default.Answer, found =>
            invocation.Screen.Line($"freed {ByteSize.Decimal(found.Bytes)} in {found.Blobs} blobs, and {found.Layers} mounted layers"));
        return ExitCode.Done;
    }

    internal sealed record Answer(int Blobs, int Layers, long Bytes);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class PruneJson : JsonSerializerContext;
}

using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Removal;
using Torchyard.Platform.Text;

namespace Torchyard.Commands;

/// <summary><c>torchyard prune</c>: frees what nothing uses.</summary>
internal sealed partial class PruneCommand : Verb
{
    private readonly Option<bool> _containers = new("--containers")
    {
        Description = "Also remove containers that have ended, with what they wrote outside of mounts",
    };
    private readonly Option<bool> _all = new("--all", "-a")
    {
        Description = "Also remove fetched packages and indexes, which the next lock or build fetches again",
    };

    // What 'uninstall' does with the store of an ordinary user, inside its user namespace; and what people typed before that verb was.
    private readonly Option<bool> _everything = new("--everything") { Description = "Remove the whole store", Hidden = true };
    private readonly Option<bool> _yes = new("--yes") { Description = "Ask no question", Hidden = true };

    public PruneCommand()
        : base("prune", VerbGroup.Store, "Free what no image and no container uses")
    {
        Options.Add(_containers);
        Options.Add(_all);
        Options.Add(_everything);
        Options.Add(_yes);
        Options.Add(GlobalOptions.Json);
        TouchesLayers = true;
        Details = """
            Deletes layers of removed images, downloads that were not finished, and leftovers of work
            that was killed. Images, containers, fetched packages and the state of projects stay, but
            for what the options name. Waits for builds and starts under way. 'torchyard uninstall'
            removes all there is.
            """;
        Examples =
        [
            new("torchyard prune", "say how much was freed"),
            new("torchyard prune --containers", "first remove every container that has ended"),
            new("torchyard prune --all", "also what was fetched: nothing stays but images and what is used"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        if (invocation.Get(_everything))
        {
            return await RemoveStoreAsync(invocation, cancellation);
        }

        var pruned = await new StorePrune(invocation.Host).RunAsync(invocation.Get(_containers), invocation.Get(_all), cancellation);
        invocation.Answer(pruned, PruneJson.Default.Pruned, found =>
        {
            foreach (var name in found.Containers)
            {
                invocation.Screen.Line($"removed container {name}");
            }

            invocation.Screen.Line(
                $"freed {ByteSize.Decimal(found.Bytes)}: {Count.Of(found.Blobs, "blob")}, {Count.Of(found.Layers, "mounted layer")}, "
                    + Count.Of(found.Downloads, "unfinished download")
                    + Text(found.Packages, "fetched package")
                    + Text(found.Indexes, "file of package indexes", "files of package indexes")
            );
        });
        return ExitCode.Done;
    }

    private static string Text(FileCount? files, string one, string? several = null) =>
        files is null ? "" : $", {Count.Of(files.Files, one, several)} ({ByteSize.Decimal(files.Bytes)})";

    private async Task<int> RemoveStoreAsync(Invocation invocation, CancellationToken cancellation)
    {
        if (await StoreRemoval.RunAsync(invocation.Host, invocation.Get(_yes), cancellation) is not { } kept)
        {
            invocation.Screen.ErrorLine("nothing was removed");
            return ExitCode.Failed;
        }

        invocation.Answer(new StoreAnswer(invocation.Store.Root, kept), PruneJson.Default.StoreAnswer, answer =>
            invocation.Screen.Line(
                kept.Count == 0
                    ? $"removed {answer.Removed}"
                    : $"removed what Torchyard kept in {answer.Removed}; not its own, and still there: {string.Join(", ", kept)}"
            )
        );
        return ExitCode.Done;
    }

    internal sealed record StoreAnswer(string Removed, IReadOnlyList<string> Kept);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Pruned))]
    [JsonSerializable(typeof(StoreAnswer))]
    internal sealed partial class PruneJson : JsonSerializerContext;
}

using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Removal;

namespace Torchyard.Commands;

/// <summary><c>torchyard uninstall</c>: removes everything that Torchyard keeps.</summary>
internal sealed partial class UninstallCommand : Verb
{
    private readonly Option<bool> _force = new("--force", "-f") { Description = "Stop what runs" };
    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Ask no question" };

    public UninstallCommand()
        : base("uninstall", VerbGroup.Program, "Remove everything that Torchyard keeps on this machine for you")
    {
        Options.Add(_force);
        Options.Add(_yes);
        Options.Add(GlobalOptions.Json);
        Details = """
            The store with images, containers, named volumes and what projects keep there (home
            directories, what pip installed, host keys, logs); its line in ~/.ssh/config; what was allowed
            to recipes; completion scripts. First it lists them and asks. While something runs it refuses.
            The directories of the projects stay, and the program itself, whose place it says. What
            cannot be removed is named, and the exit status is 1.

            With --store, that store alone is removed while your usual one is there as well.
            """;
        Examples =
        [
            new("torchyard uninstall", "show what there is, ask, and remove it"),
            new("torchyard uninstall --force --yes", "stop what runs, ask nothing"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        if (await new Uninstall(invocation.Host).RunAsync(invocation.Get(_yes), invocation.Get(_force), cancellation) is not { } done)
        {
            invocation.Screen.ErrorLine("nothing was removed");
            return ExitCode.Failed;
        }

        invocation.Answer(done, UninstallJson.Default.Uninstalled, _ =>
        {
            if (done is { Removed: [], Kept: [], Left: [] })
            {
                invocation.Screen.Line(
                    $"there is nothing to remove{(done.OtherStore is { } usual ? $"; your usual store is {usual}" : "")}"
                );
                return;
            }

            foreach (var place in done.Removed)
            {
                invocation.Screen.Line($"removed {place}");
            }

            foreach (var place in done.Kept)
            {
                invocation.Screen.Line($"not Torchyard's, and still there: {place}");
            }

            foreach (var place in done.Left)
            {
                invocation.Screen.ErrorLine($"not removed: {place.Path} ({place.Why})");
            }

            if (done.OtherStore is { } other)
            {
                invocation.Screen.Line($"your usual store is still there, with what was allowed to recipes: {other}");
            }

            invocation.Screen.Line($"the program itself is {done.Program}");
        });
        return done.Left.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Uninstalled))]
    internal sealed partial class UninstallJson : JsonSerializerContext;
}

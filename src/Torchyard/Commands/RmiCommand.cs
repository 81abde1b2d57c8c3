using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Removal;
using Torchyard.Images.Store;

namespace Torchyard.Commands;

/// <summary><c>torchyard rmi</c>: removes images.</summary>
internal sealed class RmiCommand : Verb
{
    private readonly Argument<string[]> _images = new("image")
    {
        Description = "Name, name:tag, digest, or the first digits of a digest",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<bool> _force = new("--force", "-f") { Description = "Remove it although a container uses it" };

    public RmiCommand()
        : base("rmi", VerbGroup.Store, "Remove images")
    {
        _images.CompletionSources.Add(ImageNames.Complete);
        Arguments.Add(_images);
        Options.Add(_force);
        Details = """
            A name is removed from its image; the image goes with its last name, and 'torchyard prune'
            frees what no other image shares with it.
            """;
        Examples =
        [
            new("torchyard rmi vision", "remove vision:latest"),
            new("torchyard rmi 3f1c22a09b7e", "remove by digest, with all names"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var store = new ImageStore(invocation.Store);
        var users = await ImageUsers.FindAsync(invocation.Host, cancellation);
        return await EachName.DoAsync(invocation, invocation.Get(_images)!, async name =>
        {
            var image = await store.RemoveAsync(name, users.UserOf, invocation.Get(_force), cancellation);
            invocation.Screen.Line(
                image.ToString().Contains(name, StringComparison.Ordinal) ? $"removed {image}" : $"removed {name} ({image})"
            );
        });
    }
}

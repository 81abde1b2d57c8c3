using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Naming;

namespace Torchyard.Commands;

/// <summary><c>torchyard tag</c>: gives an image another name.</summary>
internal sealed class TagCommand : Verb
{
    private readonly Argument<string> _image = new("IMAGE") { Description = "Name, name:tag, digest, or the first digits of a digest" };
    private readonly Argument<string> _name = new("NAME") { Description = "The name that it gets as well, with a tag or ':latest'" };

    public TagCommand()
        : base("tag", VerbGroup.Store, "Give an image one more name")
    {
        _image.CompletionSources.Add(ImageNames.Complete);
        Arguments.Add(_image);
        Arguments.Add(_name);
        Details = "An image that had the name loses it; 'torchyard rmi NAME' takes a name away again.";
        Examples = [new("torchyard tag vision vision:before-upgrade", "keep today's image under a name of its own")];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var tagged = await new NamedImages(invocation.Host).TagAsync(invocation.Get(_image)!, invocation.Get(_name)!, cancellation);
        invocation.Screen.Line($"{tagged.Manifest} is {string.Join(", ", tagged.Names)}");
        return ExitCode.Done;
    }
}

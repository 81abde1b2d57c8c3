using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Repair;

namespace Torchyard.Commands;

/// <summary>
/// What the program asks itself in an ordinary user's namespace: <c>torchyard layers IMAGE</c> extracts the layers of an image, as build
/// does when it makes them.
/// </summary>
internal sealed class LayersCommand : Verb
{
    private readonly Argument<string> _image = new("image") { Description = "Name, or start of a digest" };

    public LayersCommand()
        : base(RepairedImage.LayersVerb, VerbGroup.Store, "Extract the layers of an image")
    {
        Hidden = true;
        Arguments.Add(_image);
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var image = await new RepairedImage(invocation.Host).FindAsync(invocation.Get(_image)!, cancellation);
        await new RepairingLayers(invocation.Host).EnsureAsync(image, invocation.Screen.Progress, cancellation);
        return ExitCode.Done;
    }
}

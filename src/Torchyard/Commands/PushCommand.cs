using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Shipping;
using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard push</c>: an image to a registry.</summary>
internal sealed partial class PushCommand : Verb
{
    private readonly Argument<string> _image = new("IMAGE") { Description = "Name, or start of a digest" };
    private readonly Argument<string?> _target = new("TARGET")
    {
        Description = "REGISTRY/NAME:TAG (default: IMAGE, where that has a registry)",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<bool> _plain = PlainHttpOption.Create();

    public PushCommand()
        : base("push", VerbGroup.Store, "Send an image to a registry")
    {
        _image.CompletionSources.Add(ImageNames.Complete);
        Arguments.Add(_image);
        Arguments.Add(_target);
        Options.Add(_plain);
        Options.Add(GlobalOptions.Json);
        Details = """
            Layers that the registry has in this repository are not sent. The image there has the digest
            that it has here. Its bill of materials and its lock go with it, attached to it.

            Logins are those of 'torchyard login', podman and docker.
            """;
        Examples =
        [
            new("torchyard push vision ghcr.io/team/vision:1.0", "under a name of the registry"),
            new("torchyard push vision localhost:5000/vision", "to this machine, without TLS"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var began = invocation.Caller.Clock.GetTimestamp();
        var (target, pushed) = await new PushFlow(invocation.Host).RunAsync(
            invocation.Get(_image)!,
            invocation.Get(_target),
            invocation.Get(_plain),
            cancellation
        );
        var answer = new Answer(target.ToString(), pushed.Digest.ToString())
        {
            Sent = pushed.Sent,
            SentBytes = pushed.Bytes,
            There = pushed.There,
            Attached = pushed.Attached,
        };
        invocation.Answer(answer, PushJson.Default.Answer, found =>
        {
            var time = ProgressLine.Time(invocation.Caller.Clock.GetElapsedTime(began));
            var there = found.There > 0 ? $", {found.There} of {found.Sent + found.There} blobs were there" : "";
            invocation.Screen.Line($"{found.Name} {found.Digest} ({ByteSize.Decimal(found.SentBytes)} sent{there}, {time})");
        });
        return ExitCode.Done;
    }

    internal sealed record Answer(string Name, string Digest)
    {
        public required int Sent { get; init; }
        public required long SentBytes { get; init; }
        public required int There { get; init; }
        public required int Attached { get; init; }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class PushJson : JsonSerializerContext;
}

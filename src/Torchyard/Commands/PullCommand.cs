using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Shipping;
using Torchyard.Platform.Text;
using Torchyard.Registry.Pulling;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard pull</c>: an image from a registry.</summary>
internal sealed partial class PullCommand : Verb
{
    private readonly Argument<string> _image = new("IMAGE")
    {
        Description = "REGISTRY/NAME:TAG, or NAME@sha256:DIGEST; Docker Hub without a registry",
    };
    private readonly Option<string?> _platform = new("--platform")
    {
        Description = "For another machine than this, such as linux/arm64",
        HelpName = "OS/ARCH",
    };
    private readonly Option<bool> _plain = PlainHttpOption.Create();

    public PullCommand()
        : base("pull", VerbGroup.Store, "Fetch an image from a registry")
    {
        _platform.CompletionSources.Add("linux/amd64", "linux/arm64");
        Arguments.Add(_image);
        Options.Add(_platform);
        Options.Add(_plain);
        Options.Add(GlobalOptions.Json);
        Details = """
            Layers that the store has are not fetched again, and every byte is compared with its digest
            before it counts. Killed in the middle, the next pull goes on from there. The image has its
            whole name in the store, as in docker.io/library/debian:13; 'run debian:13' finds it.

            Logins are those of 'torchyard login', podman and docker.
            """;
        Examples =
        [
            new("torchyard pull pytorch/pytorch:2.9.1-cuda12.8-cudnn9-runtime", "from Docker Hub"),
            new("torchyard pull ghcr.io/team/train:1.0", "from another registry"),
            new("torchyard pull localhost:5000/train", "from this machine, without TLS"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var began = invocation.Caller.Clock.GetTimestamp();
        var pulled = await new PullFlow(invocation.Host).RunAsync(
            invocation.Get(_image)!,
            invocation.Get(_platform),
            invocation.Get(_plain),
            cancellation
        );
        invocation.Answer(Answer.Of(pulled), PullJson.Default.Answer, found =>
        {
            var time = ProgressLine.Time(invocation.Caller.Clock.GetElapsedTime(began));
            var there = found.There > 0 ? $", {found.There} of {found.Fetched + found.There} blobs were there" : "";
            invocation.Screen.Line(
                $"{(found.Names is [var name, ..] ? name + " " : "")}{found.Digest} ({Count.Of(found.Layers, "layer")}, "
                    + $"{ByteSize.Decimal(found.Size)}{there}, {time})"
            );
            if (found.RegistryDigest != found.Digest)
            {
                invocation.Screen.Progress.Note($"the registry has it as {found.RegistryDigest}");
            }
        });
        return ExitCode.Done;
    }

    internal sealed record Answer
    {
        public required IReadOnlyList<string> Names { get; init; }
        public required string Digest { get; init; }
        public required string RegistryDigest { get; init; }
        public required int Layers { get; init; }
        public required long Size { get; init; }
        public required int Fetched { get; init; }
        public required long FetchedBytes { get; init; }
        public required int There { get; init; }
        public required int Attached { get; init; }

        public static Answer Of(PulledImage pulled) =>
            new()
            {
                Names = pulled.Image.Names,
                Digest = pulled.Image.Manifest.ToString(),
                RegistryDigest = pulled.Registry.ToString(),
                Layers = pulled.Image.Layers.Count,
                Size = pulled.Image.CompressedSize,
                Fetched = pulled.Fetched,
                FetchedBytes = pulled.Bytes,
                There = pulled.There,
                Attached = pulled.Attached,
            };
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class PullJson : JsonSerializerContext;
}

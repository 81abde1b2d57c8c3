using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Shipping;
using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard copy</c>: an image from anywhere to anywhere.</summary>
internal sealed partial class CopyCommand : Verb
{
    private readonly Argument<string> _from = new("SOURCE") { Description = "REGISTRY/NAME:TAG, or one of the places below" };
    private readonly Argument<string> _to = new("TARGET") { Description = "The same" };
    private readonly Option<string?> _platform = new("--platform")
    {
        Description = "For another machine than this, such as linux/arm64",
        HelpName = "OS/ARCH",
    };
    private readonly Option<bool> _all = new("--all", "-a") { Description = "For all machines, with the index that names them" };
    private readonly Option<bool> _referrers = new("--referrers")
    {
        Description = "With signatures and whatever else is attached, also cosign's tags",
    };
    private readonly Option<bool> _plain = PlainHttpOption.Create();

    public CopyCommand()
        : base("copy", VerbGroup.Store, "Copy an image between registries, directories, archives and engines")
    {
        _platform.CompletionSources.Add("linux/amd64", "linux/arm64");
        foreach (var place in new[] { _from, _to })
        {
            place.CompletionSources.Add("oci:", "oci-archive:", "docker-archive:", "docker-daemon:", "containers-storage:", "store:");
            Arguments.Add(place);
        }

        Options.Add(_platform);
        Options.Add(_all);
        Options.Add(_referrers);
        Options.Add(_plain);
        Options.Add(GlobalOptions.Json);
        Details = """
            Places beside registries:
              oci:DIR[:TAG]                a directory with a layout of the OCI
              oci-archive:FILE[:TAG]       the same in a tar archive
              docker-archive:FILE[:NAME]   what 'docker save' writes and 'docker load' reads
              docker-daemon:NAME           a running docker, through its own program
              containers-storage:NAME      podman, the same
              store:NAME                   the store of this program

            Only blobs that the target lacks are moved, straight from the one to the other, and each is
            compared with its digest on the way; between repositories of one registry none is. Digests
            stay; docker's manifests become the OCI's where the target is not a registry.
            """;
        Examples =
        [
            new("torchyard copy ghcr.io/team/train:1.0 registry.lan:5000/train:1.0", "from one registry to another"),
            new("torchyard copy store:vision oci-archive:vision.tar:1.0", "into a file, for a machine without a network"),
            new("torchyard copy oci-archive:vision.tar store:vision", "and there into the store"),
            new("torchyard copy --all --referrers ghcr.io/team/train:1.0 oci:train:1.0", "all machines' images, with signatures"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var began = invocation.Caller.Clock.GetTimestamp();
        var request = new ImageCopyFlow.Request(invocation.Get(_from)!, invocation.Get(_to)!)
        {
            Platform = invocation.Get(_platform),
            All = invocation.Get(_all),
            Referrers = invocation.Get(_referrers),
            PlainHttp = invocation.Get(_plain),
        };
        var copied = await new ImageCopyFlow(invocation.Host).RunAsync(request, cancellation);
        var answer = new Answer(copied.To.ToString(), copied.From.ToString())
        {
            Manifests = copied.Manifests,
            Moved = copied.Moved,
            MovedBytes = copied.Bytes,
            There = copied.There,
            Attached = copied.Attached,
        };
        invocation.Answer(answer, CopyJson.Default.Answer, found =>
        {
            var time = ProgressLine.Time(invocation.Caller.Clock.GetElapsedTime(began));
            var there = found.There > 0 ? $", {found.There} of {found.Moved + found.There} blobs were there" : "";
            invocation.Screen.Line($"{request.To} {found.Digest} ({ByteSize.Decimal(found.MovedBytes)} moved{there}, {time})");
            if (found.SourceDigest != found.Digest)
            {
                invocation.Screen.Progress.Note($"{request.From} has it as {found.SourceDigest}");
            }
        });
        return ExitCode.Done;
    }

    internal sealed record Answer(string Digest, string SourceDigest)
    {
        public required int Manifests { get; init; }
        public required int Moved { get; init; }
        public required long MovedBytes { get; init; }
        public required int There { get; init; }
        public required int Attached { get; init; }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class CopyJson : JsonSerializerContext;
}

using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Flows.Naming;
using Torchyard.Images.Oci;
using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard inspect</c>: all about containers, images and volumes, as JSON.</summary>
internal sealed partial class InspectCommand : Verb
{
    private readonly Option<string?> _type = new("--type")
    {
        Description = "Look for a 'container', an 'image' or a 'volume' alone",
        HelpName = "TYPE",
    };
    private readonly Argument<string[]> _names = new("NAME")
    {
        Description = "Containers, images or volumes (default: the environment of this directory)",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public InspectCommand()
        : base("inspect", VerbGroup.Containers, "Show all about containers, images and volumes, as JSON")
    {
        _type.AcceptOnlyFromAmong(NamedThings.Container, NamedThings.Image, NamedThings.Volume);
        Options.Add(_type);
        _names.CompletionSources.Add(ContainerNames.Complete);
        _names.CompletionSources.Add(ImageNames.Complete);
        _names.CompletionSources.Add(VolumeNames.Complete);
        Arguments.Add(_names);
        Details = """
            An array with an object for each name; a name is that of a container first, then of an
            image, then of a volume. Variables of the environment are left out, as they may be secrets:
            'torchyard exec NAME env' shows them.
            """;
        Examples = [new("torchyard inspect train", "the container 'train'"), new("torchyard inspect --type image cpu", "the image 'cpu'")];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var found = new List<JsonElement>();
        var things = new NamedThings(invocation.Host);
        var status = await EachName.DoAsync(
            invocation,
            EachName.OrProject(invocation.Get(_names)),
            async name => found.Add(Element(await things.FindAsync(name, invocation.Get(_type), cancellation))),
            // What was found is an array, also where something was not.
            () => invocation.Screen.Json([.. found], InspectJson.Default.JsonElementArray)
        );
        return status;
    }

    private static JsonElement Element(NamedThing thing) =>
        thing switch
        {
            { Container: { } container } => JsonSerializer.SerializeToElement(
                ContainerRow.Of(container, thing.Directory!),
                InspectJson.Default.ContainerRow
            ),
            { Image: { } image } => JsonSerializer.SerializeToElement(ImageRow.Of(image), InspectJson.Default.ImageRow),
            { Volume: { } volume } => JsonSerializer.SerializeToElement(VolumeRow.Of(volume), InspectJson.Default.VolumeRow),
            _ => throw new InvalidOperationException("what was found is nothing"),
        };

    internal sealed record ContainerRow
    {
        public required string Type { get; init; }
        public required string Id { get; init; }
        public required string Name { get; init; }
        public required string Image { get; init; }
        public required string ImageDigest { get; init; }
        public required IReadOnlyList<string> Command { get; init; }
        public required ContainerStatus Status { get; init; }
        public required int? ExitCode { get; init; }
        public required bool OutOfMemory { get; init; }
        public required string? Stopped { get; init; }
        public required string? Error { get; init; }
        public required string? Created { get; init; }
        public required string? Started { get; init; }
        public required string? Finished { get; init; }
        public required int Restarts { get; init; }
        public required int? ProcessId { get; init; }
        public required string Runtime { get; init; }
        public required bool Rootless { get; init; }
        public required string Network { get; init; }
        public required IReadOnlyList<string> Ports { get; init; }
        public required IReadOnlyList<MountRow> Mounts { get; init; }
        public required EffectiveLimits Limits { get; init; }
        public required IReadOnlyList<string> NotEnforced { get; init; }
        public required IReadOnlyDictionary<string, string> Labels { get; init; }
        public required IReadOnlyList<GrantedGpu> Gpus { get; init; }
        public required string? IdleRelease { get; init; }
        public required string? IdleStop { get; init; }
        public required string StopSignal { get; init; }
        public required int StopTimeout { get; init; }
        public required string Directory { get; init; }
        public required string? Damage { get; init; }

        public static ContainerRow Of(ContainerInfo container, string directory)
        {
            var (record, state) = container;
            return new ContainerRow
            {
                Type = NamedThings.Container,
                Id = record.Id,
                Name = record.Name,
                Image = record.ImageName,
                ImageDigest = record.ImageDigest,
                Command = record.Command,
                Status = state.Status,
                ExitCode = state.ExitCode,
                OutOfMemory = state.OutOfMemory,
                Stopped = state.Stopped,
                Error = state.Error,
                Created = TimeText.Of(record.Created * 1000),
                Started = TimeText.Of(state.Started),
                Finished = TimeText.Of(state.Finished),
                Restarts = state.Restarts,
                ProcessId = container.IsRunning ? state.Init?.Id : null,
                Runtime = record.Runtime.Name,
                Rootless = record.Rootless,
                Network = record.Network.ToString().ToLowerInvariant(),
                Ports = [.. record.Ports.Select(port => port.ToString())],
                Mounts = [.. record.Mounts.Select(MountRow.Of)],
                Limits = record.Limits,
                NotEnforced = record.NotEnforced,
                Labels = record.Labels,
                Gpus = record.Gpus,
                IdleRelease = record.IdleRelease == 0 ? null : Duration.Written(TimeSpan.FromSeconds(record.IdleRelease)),
                IdleStop = TimeText.Of(state.IdleStop),
                StopSignal = record.StopSignal,
                StopTimeout = record.StopTimeout,
                Directory = directory,
                Damage = container.Damage,
            };
        }
    }

    internal sealed record MountRow(string Type, string Source, string Target, bool ReadOnly)
    {
        public static MountRow Of(MountRequest mount) =>
            new(mount.Kind.ToString().ToLowerInvariant(), mount.Source, mount.Target, mount.ReadOnly);
    }

    internal sealed record ImageRow
    {
        public required string Type { get; init; }
        public required string Digest { get; init; }
        public required IReadOnlyList<string> Names { get; init; }
        public required string? Created { get; init; }
        public required long Size { get; init; }
        public required IReadOnlyList<string> Layers { get; init; }
        public required IReadOnlyList<string> DiffIds { get; init; }
        public required string User { get; init; }
        public required IReadOnlyList<string> Environment { get; init; }
        public required IReadOnlyList<string> Entrypoint { get; init; }
        public required IReadOnlyList<string> Command { get; init; }
        public required string WorkingDirectory { get; init; }
        public required IReadOnlyList<string> ExposedPorts { get; init; }
        public required IReadOnlyList<string> Volumes { get; init; }
        public required IReadOnlyDictionary<string, string> Labels { get; init; }
        public required string StopSignal { get; init; }

        public static ImageRow Of(StoredImage image) =>
            new()
            {
                Type = NamedThings.Image,
                Digest = image.Manifest.ToString(),
                Names = image.Names,
                Created = TimeText.Of(image.Created * 1000),
                Size = image.CompressedSize,
                Layers = [.. image.Layers.Select(layer => layer.ToString())],
                DiffIds = [.. image.DiffIds.Select(layer => layer.ToString())],
                User = image.Config.User,
                Environment = image.Config.Env,
                Entrypoint = image.Config.Entrypoint,
                Command = image.Config.Cmd,
                WorkingDirectory = image.Config.WorkingDir,
                ExposedPorts = image.Config.ExposedPorts,
                Volumes = image.Config.Volumes,
                Labels = image.Config.Labels,
                StopSignal = image.Config.StopSignal,
            };
    }

    internal sealed record VolumeRow(string Type, string Name, string Directory, IReadOnlyList<string> UsedBy)
    {
        public static VolumeRow Of(NamedVolume volume) => new(NamedThings.Volume, volume.Name, volume.Path, volume.UsedBy);
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
    [JsonSerializable(typeof(ContainerRow))]
    [JsonSerializable(typeof(ImageRow))]
    [JsonSerializable(typeof(VolumeRow))]
    [JsonSerializable(typeof(JsonElement[]))]
    internal sealed partial class InspectJson : JsonSerializerContext;
}

using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Naming;
using Torchyard.Platform.Errors;

namespace Torchyard.Commands;

/// <summary><c>torchyard volume</c>: the named volumes.</summary>
internal sealed partial class VolumeCommand : Verb
{
    private const string List = "ls";
    private const string Remove = "rm";

    private readonly Argument<string> _action = new("ACTION") { Description = "'ls' or 'rm'" };
    private readonly Argument<string[]> _names = new("NAME") { Description = "With 'rm': volumes", Arity = ArgumentArity.ZeroOrMore };

    public VolumeCommand()
        : base("volume", VerbGroup.Store, "List and remove named volumes")
    {
        _action.AcceptOnlyFromAmong(List, Remove);
        _names.CompletionSources.Add(VolumeNames.Complete);
        Arguments.Add(_action);
        Arguments.Add(_names);
        Options.Add(GlobalOptions.Json);
        TouchesLayers = true;
        Details = """
            'torchyard run -v NAME:TARGET' makes a volume where there is none of that name. It is a
            directory of the store, and stays until it is removed by name. One that a container has, even
            one that has ended, is not removed.
            """;
        Examples =
        [
            new("torchyard volume ls", "the volumes, and which containers have them"),
            new("torchyard volume rm datasets", "remove a volume with all that is in it"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var volumes = new NamedVolumes(invocation.Host);
        var names = invocation.Get(_names) ?? [];
        switch (invocation.Get(_action), names)
        {
            case (List, []):
                Show(invocation, await volumes.ListAsync(cancellation));
                return ExitCode.Done;
            case (Remove, [_, ..]):
                return await EachName.DoAsync(invocation, names, async name =>
                {
                    await volumes.RemoveAsync(name, cancellation);
                    invocation.Screen.Line(name);
                });
            default:
                throw new TorchyardException(
                    "TY9001",
                    names.Length == 0 ? "'torchyard volume rm' needs NAME" : $"'torchyard volume ls' does not take '{names[0]}'",
                    names.Length == 0
                        ? "write 'torchyard volume rm NAME'; 'torchyard volume ls' lists the names"
                        : "leave it out: all are listed"
                )
                {
                    IsUsage = true,
                };
        }
    }

    private static void Show(Invocation invocation, IReadOnlyList<NamedVolume> volumes) =>
        invocation.Answer([.. volumes], VolumeJson.Default.NamedVolumeArray, _ =>
            invocation.Screen.Table(
                [new("NAME", Whole: true), new("USED BY"), new("DIRECTORY", Drop: 1)],
                [
                    .. volumes.Select(volume =>
                        (IReadOnlyList<string>)[volume.Name, volume.UsedBy.Count == 0 ? "-" : string.Join(", ", volume.UsedBy), volume.Path]
                    ),
                ]
            )
        );

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(NamedVolume[]))]
    internal sealed partial class VolumeJson : JsonSerializerContext;
}

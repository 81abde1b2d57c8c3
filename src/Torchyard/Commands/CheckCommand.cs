using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Images;

namespace Torchyard.Commands;

/// <summary><c>torchyard check</c>: recomputes everything that the store says of itself.</summary>
internal sealed partial class CheckCommand : Verb
{
    public CheckCommand()
        : base("check", VerbGroup.Store, "Check every digest of the store")
    {
        Options.Add(GlobalOptions.Json);
        TouchesLayers = true;
        Details = """
            Reads every blob and every layer and recomputes digests and sizes: of manifests,
            configurations, layers compressed and not, and of the mounted form of layers.
            Ends with 1 when something is wrong.
            """;
        Examples = [new("torchyard check", "after a crash, or when a disk is in doubt")];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var problems = new ImageStore(invocation.Store).Validate(invocation.Screen.Progress, cancellation);
        invocation.Answer(new Answer(problems.Count == 0, problems), CheckJson.Default.Answer, found =>
        {
            foreach (var problem in found.Problems)
            {
                invocation.Screen.Line(problem);
            }

            if (found.Sound)
            {
                invocation.Screen.Line("the store is sound");
            }
            else
            {
                invocation.Screen.ErrorLine("remove the images named above with 'torchyard rmi', then 'torchyard prune'; building again makes them from their locks");
            }
        });
        return Task.FromResult(problems.Count == 0 ? ExitCode.Done : ExitCode.Failed);
    }

    internal sealed record Answer(bool Sound, IReadOnlyList<string> Problems);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class CheckJson : JsonSerializerContext;
}

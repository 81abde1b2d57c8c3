using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;

namespace Torchyard.Commands;

/// <summary><c>torchyard version</c>: which program this is.</summary>
internal sealed partial class VersionCommand : Verb
{
    public VersionCommand()
        : base("version", VerbGroup.Program, "Show the version and what it runs on")
    {
        Options.Add(GlobalOptions.Json);
        Examples = [new("torchyard version --json", "the same for programs")];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var answer = new Answer(
            ProgramVersion.Number,
            ProgramVersion.Architecture,
            RuntimeInformation.OSDescription,
            invocation.Store.Root
        );
        invocation.Answer(answer, VersionJson.Default.Answer, found =>
        {
            invocation.Screen.Line(ProgramVersion.Text);
            invocation.Screen.Line($"system  {found.System}");
            invocation.Screen.Line($"store   {found.Store}");
        });
        return Task.FromResult(ExitCode.Done);
    }

    internal sealed record Answer(string Version, string Architecture, string System, string Store);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class VersionJson : JsonSerializerContext;
}

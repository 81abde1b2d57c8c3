using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Fit.Data;
using Torchyard.Fit.Packages;
using Torchyard.Images.Build;
using Torchyard.Images.Sources;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Commands;

/// <summary><c>torchyard why</c>: why a package is in the lock.</summary>
internal sealed partial class WhyCommand : Verb
{
    private readonly Argument<string> _package = new("package")
    {
        Description = "Name of a Debian package or Python distribution, path of a file of [[files]], or name of a [[run]]",
    };
    private readonly Option<string?> _lock = new("--lock")
    {
        Description = "The lock to look into (default: torchyard.lock)",
        HelpName = "FILE",
    };

    public WhyCommand()
        : base("why", VerbGroup.Make, "Say why a package is in the lock, and which rule chose its version")
    {
        Arguments.Add(_package);
        Options.Add(_lock);
        Options.Add(GlobalOptions.Json);
        Examples = [new("torchyard why nvidia-cudnn-cu12", "what requires cuDNN, and who pins its version")];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var path = invocation.Get(_lock) ?? "torchyard.lock";
        var locked = LockReader.ReadFile(invocation.Caller.FullPath(path));
        var package = invocation.Get(_package)!;
        var answer = LayerSources.ForQuestions.Explain(locked, package)
            ?? throw new TorchyardException(
                "TY5207",
                $"{package} is not in {path}",
                "see the names in the lock, or run 'torchyard lock' after changing the recipe"
            );
        if (answer.Kind == "python" && TorchPins.Of(locked, package, FitTables.Default) is { } pin)
        {
            answer = answer with { Facts = [pin, .. answer.Facts] };
        }

        invocation.Answer(answer, LayerReasonJson.Default.LayerReason, found =>
        {
            foreach (var line in found.Lines())
            {
                invocation.Screen.Line(line);
            }
        });
        return Task.FromResult(ExitCode.Done);
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(LayerReason))]
    internal sealed partial class LayerReasonJson : JsonSerializerContext;
}

using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Gpus.Fit;
using Torchyard.Gpus.Fit.Packages;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Commands;

/// <summary><c>torchyard why</c>: why a package is in the lock.</summary>
internal sealed partial class WhyCommand : Verb
{
    private readonly Argument<string> _package = new("package") { Description = "Name of a Debian package or Python distribution" };
    private readonly Option<string?> _lock = new("--lock") { Description = "The lock to look into (default: torchyard.lock)", HelpName = "FILE" };

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
        var answer = LockReasons.Find(locked, invocation.Get(_package)!, FitTables.Default)
            ?? throw new TorchyardException("TY5207", $"{invocation.Get(_package)} is not in {path}", "see the names in the lock, or run 'torchyard lock' after changing the recipe");
        invocation.Answer(answer, LockReasonJson.Default.LockReason, found =>
        {
            foreach (var line in LockReasons.Lines(found))
            {
                invocation.Screen.Line(line);
            }
        });
        return Task.FromResult(ExitCode.Done);
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(LockReason))]
    internal sealed partial class LockReasonJson : JsonSerializerContext;
}

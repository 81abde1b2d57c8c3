using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Assembling;
using Torchyard.Flows.Building;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Settings;

namespace Torchyard.Commands;

/// <summary><c>torchyard build</c>: makes the image of a lock.</summary>
internal sealed partial class BuildCommand : Verb
{
    private readonly Argument<string?> _recipe = RecipeArgument.Create();
    private readonly Option<bool> _locked = new("--locked")
    {
        Description = "Refuse to lock: fail when the lock is missing or does not fit",
    };
    private readonly Option<bool> _offline = new("--offline")
    {
        Description = "Fetch nothing and ask no archive: what the store has must do",
    };
    private readonly Option<bool> _timings = new("--timings") { Description = "Say what the build spent its time on" };
    private readonly Option<string?> _trace = new("--trace")
    {
        Description = "Write each piece of work to a file that ui.perfetto.dev shows on a time line",
        HelpName = "FILE",
    };
    private readonly Option<string?> _compression = new("--compression")
    {
        Description = "Layers with 'zstd' or 'gzip' in place of the recipe's; tagged TAG-METHOD",
        HelpName = "METHOD",
    };

    private readonly Option<bool> _trust = TrustOption.Create();

    // Where a build in a user namespace finds the files of its lock.
    private readonly Option<string?> _project = new("--project")
    {
        Description = "Directory that paths of the lock are relative to",
        HelpName = "DIR",
        Hidden = true,
    };

    public BuildCommand()
        : base("build", VerbGroup.Make, "Make the image of a recipe from its lock")
    {
        _compression.CompletionSources.Add("zstd", "gzip");
        Arguments.Add(_recipe);
        Options.Add(_locked);
        Options.Add(_offline);
        Options.Add(_timings);
        Options.Add(_trace);
        Options.Add(_compression);
        Options.Add(_trust);
        Options.Add(_project);
        Options.Add(GlobalOptions.Json);
        Details = """
            The lock alone decides the image: the same lock gives the same digest on any machine. Where
            there is no lock, or the recipe changed, it is locked first. A lock can also be named itself;
            then the recipe is not needed.

            What the store has is not made again: packages, layers, the image. Killed in the middle, the
            next build goes on from there.
            """;
        Examples =
        [
            new("torchyard build", "the recipe of this directory"),
            new("torchyard build --locked", "for CI: never resolve anew"),
            new("torchyard build torchyard.lock", "from the lock alone"),
            new("torchyard build cpu", "a preset"),
            new("torchyard build --timings", "CPU and wall seconds of each kind of work"),
            new("torchyard build --compression gzip", "for engines that do not read zstd: NAME:latest-gzip"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var began = invocation.Caller.Clock.GetTimestamp();
        var image = await new BuildFlow(invocation.Host).RunAsync(
            new BuildRequest
            {
                Recipe = invocation.Get(_recipe),
                Compression = Compression(invocation.Get(_compression)),
                Locked = invocation.Get(_locked),
                Offline = invocation.Get(_offline),
                Trust = invocation.Get(_trust),
                Directory = invocation.Get(_project) is { } project ? invocation.Caller.FullPath(project) : null,
                Account = new BuildAccount(
                    invocation.Get(_timings),
                    invocation.Get(_trace) is { } file ? invocation.Caller.FullPath(file) : null
                ),
            },
            cancellation
        );
        var answer = new Answer(image.Names, image.Manifest.ToString(), image.Layers.Count, image.CompressedSize);
        invocation.Answer(answer, BuildJson.Default.Answer, found =>
        {
            var seconds = invocation.Caller.Clock.GetElapsedTime(began);
            invocation.Screen.Line(
                $"{found.Names[0]} {found.Digest} ({found.Layers} layers, {ByteSize.Decimal(found.Size)}, "
                    + $"{Terminal.ProgressLine.Time(seconds)})"
            );
        });
        return ExitCode.Done;
    }

    private static LayerCompression? Compression(string? text) =>
        text switch
        {
            null => null,
            "zstd" => LayerCompression.Zstd,
            "gzip" => LayerCompression.Gzip,
            var other => throw new TorchyardException("TY9001", $"--compression '{other}' cannot be used", "write zstd or gzip")
            {
                IsUsage = true,
            },
        };

    internal sealed record Answer(IReadOnlyList<string> Names, string Digest, int Layers, long Size);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class BuildJson : JsonSerializerContext;
}

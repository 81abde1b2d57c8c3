using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Naming;
using Torchyard.Images.Comparing;
using Torchyard.Images.Oci;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard diff</c>: what one image has otherwise than another.</summary>
internal sealed partial class DiffCommand : Verb
{
    private readonly Argument<string> _old = new("OLD") { Description = "Name, name:tag, digest, or the first digits of a digest" };
    private readonly Argument<string> _new = new("NEW") { Description = "The image to compare it with" };

    public DiffCommand()
        : base("diff", VerbGroup.Store, "Show what an image has otherwise than another")
    {
        _old.CompletionSources.Add(ImageNames.Complete);
        _new.CompletionSources.Add(ImageNames.Complete);
        Arguments.Add(_old);
        Arguments.Add(_new);
        Options.Add(GlobalOptions.Json);
        Details = """
            Packages come from the bill of materials that every image of Torchyard carries, settings from
            the image itself: variables, user, entry point. The last line says how much a machine that
            has the old image fetches for the new one. 'build' and 'up' name the image that had the name
            before; it stays until 'torchyard prune'.
            """;
        Examples =
        [
            new("torchyard diff vision:before-upgrade vision", "what the upgrade changed"),
            new("torchyard diff 1f3a9c vision --json", "for programs"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var (before, after, difference) = await new NamedImages(invocation.Host).CompareAsync(
            invocation.Get(_old)!,
            invocation.Get(_new)!,
            cancellation
        );
        var answer = new Answer
        {
            Old = ImageRow.Of(before),
            New = ImageRow.Of(after),
            Software = difference.Software,
            Settings = difference.Settings,
            SharedLayers = difference.SharedLayers,
            NewLayers = difference.NewLayers,
            NewBytes = difference.NewBytes,
        };
        invocation.Answer(answer, DiffJson.Default.Answer, _ => Show(invocation.Screen, before, after, difference));
        return ExitCode.Done;
    }

    private static void Show(Screen screen, StoredImage before, StoredImage after, ImageDifference difference)
    {
        if (before.Manifest == after.Manifest)
        {
            screen.Line($"the same image: {after.Manifest}");
            return;
        }

        foreach (var change in difference.Software ?? [])
        {
            screen.Line(ChangeText.Of(change.Name, change.Before, change.After));
        }

        if (difference.Software is null)
        {
            screen.Line("packages: not compared, as one of the images has no bill of materials");
        }

        foreach (var setting in difference.Settings)
        {
            screen.Line(ChangeText.Of(setting.Name, setting.Before, setting.After));
        }

        if (difference is { Software.Count: > 0 } or { Settings.Count: > 0 })
        {
            screen.Line();
        }

        screen.Line(difference.Summary());
    }

    internal sealed record ImageRow(string? Name, string Digest, long Size)
    {
        public static ImageRow Of(StoredImage image) =>
            new(image.Names is [var name, ..] ? name : null, image.Manifest.ToString(), image.CompressedSize);
    }

    internal sealed record Answer
    {
        public required ImageRow Old { get; init; }
        public required ImageRow New { get; init; }
        public required IReadOnlyList<SoftwareChange>? Software { get; init; }
        public required IReadOnlyList<SettingChange> Settings { get; init; }
        public required int SharedLayers { get; init; }
        public required int NewLayers { get; init; }
        public required long NewBytes { get; init; }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class DiffJson : JsonSerializerContext;
}

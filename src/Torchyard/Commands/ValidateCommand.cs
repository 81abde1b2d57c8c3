using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Shipping;
using Torchyard.Platform.Text;

namespace Torchyard.Commands;

/// <summary><c>torchyard validate</c>: is an image what it says it is.</summary>
internal sealed partial class ValidateCommand : Verb
{
    private readonly Argument<string[]> _images = new("IMAGE")
    {
        Description = "Names, or starts of digests (default: all of the store)",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly Option<bool> _repair = new("--repair") { Description = "Make or fetch damaged images again" };

    public ValidateCommand()
        : base("validate", VerbGroup.Store, "Recompute every digest and size of images")
    {
        _images.CompletionSources.Add(ImageNames.Complete);
        Arguments.Add(_images);
        Options.Add(_repair);
        Options.Add(GlobalOptions.Json);
        Details = """
            Reads manifest, configuration and layers, each once and several at a time, and compares
            digests, sizes, and what the layers unpack to. Ends with 1 when something is wrong, and says
            what and what to do. The rest of the store, and the mounted form of layers, is for
            'torchyard check'.

            With --repair an image is made again from its lock, or fetched again from its registry, by
            the digest that it had there.
            """;
        Examples =
        [
            new("torchyard validate vision", "before it goes to other machines"),
            new("torchyard validate --repair", "all images, and what is damaged is made or fetched again"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var found = await new ValidateFlow(invocation.Host).RunAsync(invocation.Get(_images) ?? [], invocation.Get(_repair), cancellation);
        List<Row> rows = [.. found.Select(Row.Of)];
        invocation.Answer(rows, ValidateJson.Default.ListRow, shown =>
        {
            foreach (var row in shown)
            {
                Show(row, invocation);
            }
        });
        return rows.TrueForAll(row => row.Problems.Count == 0) ? ExitCode.Done : ExitCode.Failed;
    }

    private static void Show(Row row, Invocation invocation)
    {
        foreach (var problem in row.Repaired)
        {
            invocation.Screen.Line($"repaired: {row.Name}: {problem.Text} ({problem.Blob})");
        }

        foreach (var problem in row.Problems)
        {
            invocation.Screen.Line($"{row.Name}: {problem.Text} ({problem.Blob})");
        }

        if (row.Problems.Count == 0)
        {
            invocation.Screen.Line($"{row.Name} is what it says: {Count.Of(row.Blobs, "blob")}, {ByteSize.Decimal(row.Bytes)}");
        }
        else if (row.Cure is { } cure)
        {
            invocation.Screen.ErrorLine(cure);
        }
    }

    internal sealed record Problem(string Blob, string Text);

    internal sealed record Row
    {
        public required string Name { get; init; }
        public required string Digest { get; init; }
        public required int Blobs { get; init; }
        public required long Bytes { get; init; }
        public required IReadOnlyList<Problem> Problems { get; init; }
        public required IReadOnlyList<Problem> Repaired { get; init; }
        public string? Cure { get; init; }

        public static Row Of(ValidationFinding found) =>
            new()
            {
                Name = found.Name,
                Digest = found.Image.Manifest.ToString(),
                Blobs = found.Image.Blobs,
                Bytes = found.Image.Bytes,
                Problems = [.. found.Image.Problems.Select(one => new Problem(one.Blob.ToString(), one.Text))],
                Repaired = [.. found.Repaired.Select(one => new Problem(one.Blob.ToString(), one.Text))],
                Cure = found.Cure,
            };
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(List<Row>))]
    internal sealed partial class ValidateJson : JsonSerializerContext;
}

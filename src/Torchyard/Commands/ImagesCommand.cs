using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard images</c>: what the store holds.</summary>
internal sealed partial class ImagesCommand : Verb
{
    private const int ShortDigest = 12;
    private const int WidthWithDigests = 132;

    // Digest and size, which stay beside the name in a narrow table.
    private const int WidthBesideNames = 27;

    private readonly Option<bool> _digests = new("--digests") { Description = "Show whole digests" };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Show digests only" };

    private readonly Option<bool> _tree = new("--tree") { Description = "Show layers, which images share them, and what a removal frees" };

    public ImagesCommand()
        : base("images", VerbGroup.Store, "List the images of the store")
    {
        Options.Add(_digests);
        Options.Add(_quiet);
        Options.Add(_tree);
        Options.Add(GlobalOptions.Json);
        Details = """
            SIZE is that of the compressed layers. Images share layers, so together they take less.
            CREATED is the date of the newest package index in the lock, not of the build: the same
            lock gives the same image.
            """;
        Examples =
        [
            new("torchyard images", "names, sizes, ages"),
            new("torchyard images --digests", "to compare images of two machines"),
            new("torchyard images --json", "for programs"),
            new("torchyard images --tree", "what removing one would free"),
        ];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var damaged = new List<Row>();
        var images = new ImageStore(invocation.Store).List(
            (digest, names, trouble) =>
            {
                damaged.Add(
                    new Row
                    {
                        Names = names,
                        Digest = digest.ToString(),
                        Created = "damaged",
                        Layers = 0,
                        Size = 0,
                        Damage = trouble,
                    }
                );
                invocation.Screen.Progress.Warn(
                    $"{(names is [var name, ..] ? name : digest.ToString())} cannot be read: {trouble}; 'torchyard check --repair' "
                        + "repairs it, 'torchyard rmi' removes it"
                );
            }
        );
        if (invocation.Get(_tree))
        {
            ImageTree.Answer(invocation, LayerSharing.Of(invocation.Store, images));
            return Task.FromResult(ExitCode.Done);
        }

        var rows = images.Select(Row.Of).ToList();
        rows.AddRange(damaged);
        if (invocation.Get(_quiet) && !invocation.Json)
        {
            rows.ForEach(row => invocation.Screen.Line(row.Digest));
            return Task.FromResult(ExitCode.Done);
        }

        invocation.Answer(rows, ImagesJson.Default.ListRow, found => Show(found, invocation));
        return Task.FromResult(ExitCode.Done);
    }

    private void Show(List<Row> rows, Invocation invocation)
    {
        var whole = invocation.Get(_digests);
        var longest = rows.SelectMany(row => row.Names).Select(name => name.Length).DefaultIfEmpty(0).Max();
        if (invocation.Screen.OutputIsTerminal && invocation.Screen.Width < (whole ? WidthWithDigests : longest + WidthBesideNames))
        {
            ShowBelow(rows, whole, invocation.Screen);
            return;
        }

        Column[] columns =
        [
            new("NAME", Whole: true),
            new("DIGEST", Whole: true),
            new("CREATED", Whole: true, Drop: 2),
            new("LAYERS", Right: true, Whole: true, Drop: 1),
            new("SIZE", Right: true),
        ];
        invocation.Screen.Table(
            columns,
            [
                .. rows.SelectMany(row =>
                    (row.Names.Count == 0 ? ["<none>"] : row.Names).Select(
                        IReadOnlyList<string> (name) =>
                            [
                                name,
                                whole ? row.Digest : Short(row),
                                row.Created,
                                row.Damage is null ? row.Layers.ToString(CultureInfo.InvariantCulture) : "-",
                                row.Damage is null ? ByteSize.Decimal(row.Size) : "-",
                            ]
                    )
                ),
            ]
        );
    }

    private static string Short(Row row) => row.Digest["sha256:".Length..][..ShortDigest];

    // A digest has 71 letters and is never cut; so are names, which people copy.
    private static void ShowBelow(List<Row> rows, bool whole, Screen screen)
    {
        foreach (var row in rows)
        {
            screen.Line(
                row.Damage is null
                    ? $"{Names(row)}   {row.Created}   {Count.Of(row.Layers, "layer")}   {ByteSize.Decimal(row.Size)}"
                    : $"{Names(row)}   {row.Created}"
            );
            screen.Line("  " + (whole ? row.Digest : Short(row)));
        }

        static string Names(Row row) => row.Names.Count == 0 ? "<none>" : string.Join(", ", row.Names);
    }

    internal sealed record Row
    {
        public required IReadOnlyList<string> Names { get; init; }
        public required string Digest { get; init; }
        public required string Created { get; init; }
        public required int Layers { get; init; }
        public required long Size { get; init; }
        public string? Damage { get; init; }

        public static Row Of(StoredImage image) =>
            new()
            {
                Names = image.Names,
                Digest = image.Manifest.ToString(),
                Created = DateTimeOffset.FromUnixTimeSeconds(image.Created).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                Layers = image.Layers.Count,
                Size = image.CompressedSize,
            };
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(List<Row>))]
    internal sealed partial class ImagesJson : JsonSerializerContext;
}

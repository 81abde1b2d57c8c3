using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Images;
using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard images</c>: what the store holds.</summary>
internal sealed partial class ImagesCommand : Verb
{
    private const int ShortDigest = 12;

    private readonly Option<bool> _digests = new("--digests") { Description = "Show whole digests" };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Show digests only" };

    public ImagesCommand()
        : base("images", VerbGroup.Store, "List the images of the store")
    {
        Options.Add(_digests);
        Options.Add(_quiet);
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
        ];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var rows = new ImageStore(invocation.Store).List((digest, names, trouble) => invocation.Screen.Progress.Warn(
            $"{(names is [var name, ..] ? name : digest.ToString())} cannot be read: {trouble}; 'torchyard check --repair' mends it, 'torchyard rmi' removes it"))
            .Select(Row.Of).ToList();
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
        Column[] columns = [new("NAME", Whole: true), new("DIGEST", Whole: true), new("CREATED"), new("LAYERS", Right: true), new("SIZE", Right: true)];
        invocation.Screen.Table(columns, [.. rows.SelectMany(row => (row.Names.Count == 0 ? ["<none>"] : row.Names).Select(IReadOnlyList<string> (name) =>
        [
            name,
            whole ? row.Digest : row.Digest["sha256:".Length..][..ShortDigest],
            row.Created,
            row.Layers.ToString(CultureInfo.InvariantCulture),
            ByteSize.Decimal(row.Size),
        ]))]);
    }

    internal sealed record Row(IReadOnlyList<string> Names, string Digest, string Created, int Layers, long Size)
    {
        public static Row Of(StoredImage image) => new(
            image.Names,
            image.Manifest.ToString(),
            DateTimeOffset.FromUnixTimeSeconds(image.Created).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            image.Layers.Count,
            image.CompressedSize);
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(List<Row>))]
    internal sealed partial class ImagesJson : JsonSerializerContext;
}

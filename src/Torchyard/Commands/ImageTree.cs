using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary>What <c>images --tree</c> shows: layers below their images, and who else has them.</summary>
internal static partial class ImageTree
{
    private const int ShortDigest = 12;

    public static void Answer(Invocation invocation, IReadOnlyList<SharedImage> images) =>
        invocation.Answer([.. images.Select(Row.Of)], TreeJson.Default.ListRow, rows =>
        {
            foreach (var row in rows)
            {
                Show(row, invocation.Screen);
            }
        });

    private static void Show(Row row, Screen screen)
    {
        var names = row.Names.Count == 0 ? "<none>" : string.Join(", ", row.Names);
        screen.Line($"{names}   {Short(row.Digest)}   {ByteSize.Decimal(row.Size)}, {ByteSize.Decimal(row.Freed)} of it alone");
        foreach (var (layer, index) in row.Layers.Select((layer, index) => (layer, index)))
        {
            var branch = index == row.Layers.Count - 1 ? "└─" : "├─";
            var shared = layer.SharedWith.Count > 0 ? "   with " + string.Join(", ", layer.SharedWith) : "";
            screen.Line($"{branch} {Short(layer.Digest)}   {ByteSize.Decimal(layer.Size), 9}{shared}");
        }
    }

    private static string Short(string digest) => digest["sha256:".Length..][..ShortDigest];

    internal sealed record Layer(string Digest, long Size, IReadOnlyList<string> SharedWith);

    internal sealed record Row
    {
        public required IReadOnlyList<string> Names { get; init; }
        public required string Digest { get; init; }
        public required long Size { get; init; }
        public required long Freed { get; init; }
        public required IReadOnlyList<Layer> Layers { get; init; }

        public static Row Of(SharedImage image) =>
            new()
            {
                Names = image.Image.Names,
                Digest = image.Image.Manifest.ToString(),
                Size = image.Image.CompressedSize,
                Freed = image.Freed,
                Layers =
                [
                    .. image.Layers.Select(layer => new Layer(
                        layer.Digest.ToString(),
                        layer.Size,
                        [.. layer.Others.Select(Name).Order(StringComparer.Ordinal)]
                    )),
                ],
            };

        private static string Name(StoredImage image) => image.Names is [var first, ..] ? first : Short(image.Manifest.ToString());
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(List<Row>))]
    internal sealed partial class TreeJson : JsonSerializerContext;
}

using System.Text;
using Torchyard.Mirror.Requests;
using Torchyard.Mirror.Store;

namespace Torchyard.Fuzz.Targets.Mirror;

internal sealed class MirrorRequestTarget : TextTarget
{
    private const long Total = 1000;

    public override string Name => "mirror-request";

    public override string Input => "paths, ranges and manifests that clients send to a mirror";

    public override IReadOnlyList<string> Words =>
        [
            "/v2/",
            "/manifests/",
            "/blobs/uploads/",
            "/tags/list",
            "%2e%2e",
            "bytes=0-9",
            "bytes=-5",
            "0-1023",
            "{\"config\":{\"mediaType\":\"a\",\"digest\":\"sha256:\",\"size\":1e400},\"layers\":[null],\"subject\":{}}",
        ];

    protected override object? Parse(string text)
    {
        var path = RegistryPath.Parse(text);
        var isName = path.Repository is { Length: > 0 } name && Names.IsRepository(name);
        if (isName)
        {
            var place = Path.GetFullPath(Path.Combine("/root", path.Repository!, "_tags"));
            Require(place.StartsWith("/root/", StringComparison.Ordinal), "the name of a repository leads out of its directory");
            Require(!path.Repository!.Contains("/_", StringComparison.Ordinal), "a repository lies where links of another are");
        }

        var part = ByteRange.Parse(text)?.Of(Total);
        Require(
            part is null || part is { First: >= 0, Length: > 0 } range && range.First + range.Length <= Total,
            "a range leaves the bytes that there are"
        );
        var chunk = ByteRange.ParseChunk(text);
        var (manifest, problem) = ManifestContent.Read(Encoding.UTF8.GetBytes(text));
        return $"{path} {isName} {part} {chunk} {manifest?.Blobs.Count} {problem is null} {ContentDigest.TryParse(text, out _)}";
    }
}

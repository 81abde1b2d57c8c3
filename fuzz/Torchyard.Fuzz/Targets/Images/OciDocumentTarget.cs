using Torchyard.Images.Oci;

namespace Torchyard.Fuzz.Targets.Images;

/// <summary>Every kind of document of an image layout, read from the same bytes.</summary>
internal sealed class OciDocumentTarget : FuzzTarget
{
    public override string Name => "oci-documents";

    public override string Input =>
        "index, manifest, configuration and layer records of images, which other programs write into the layout too";

    public override IReadOnlyList<string> Words =>
        [
            "\"schemaVersion\":2",
            "\"mediaType\":",
            "\"manifests\":[",
            "\"digest\":\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
            "\"size\":",
            "\"annotations\":{",
            "\"layers\":[",
            "\"config\":{",
            "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[",
            "\"Env\":[",
            "\"Entrypoint\":",
            "\"history\":[",
            "\"imageLayoutVersion\":\"1.0.0\"",
            "null",
            "{}",
            "[]",
        ];

    public override object? Parse(byte[] input)
    {
        var index = Read<OciIndex>(input);
        var manifest = Read<OciManifest>(input);
        var configuration = Read<OciImageConfiguration>(input);
        var problem = "";
        if (index is null && manifest is null && configuration is null)
        {
            problem = OciJson.TryDeserialize<OciIndex>(input).Problem;
            Require(!string.IsNullOrEmpty(problem), "a document is refused without a reason");
        }

        return (index, manifest, configuration, Read<OciLayoutVersion>(input), Read<PackedLayer>(input), problem);
    }

    private static T? Read<T>(byte[] input)
        where T : class
    {
        var document = OciJson.TryDeserialize<T>(input).Value;
        if (document is not null)
        {
            var again = OciJson.TryDeserialize<T>(OciJson.Serialize(document));
            Require(
                ResultText.Of(again.Value) == ResultText.Of(document),
                $"a {typeof(T).Name} that is written again is read differently: {again.Problem}"
            );
        }

        return document;
    }
}

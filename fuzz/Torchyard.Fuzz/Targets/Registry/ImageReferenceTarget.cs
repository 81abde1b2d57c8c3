using Torchyard.Registry.References;

namespace Torchyard.Fuzz.Targets.Registry;

internal sealed class ImageReferenceTarget : TextTarget
{
    public override string Name => "image-reference";

    public override string Input => "names of images in registries, from whoever tells somebody to pull them";

    public override IReadOnlyList<string> Words => ["localhost:5000/", "docker.io/", "@sha256:", ":latest", "/", "a", "A", "é"];

    protected override object? Parse(string text)
    {
        var reference = ImageReference.Parse(text);
        Require(
            ImageReference.ParseRegistry(reference.Registry) == reference.Registry,
            "the registry of a reference is not the name of one"
        );
        Require(ImageReference.Parse(reference.ToString()) == reference, "a reference that is written again is read differently");
        return reference;
    }
}

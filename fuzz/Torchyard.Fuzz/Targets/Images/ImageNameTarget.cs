using Torchyard.Images.Oci;

namespace Torchyard.Fuzz.Targets.Images;

internal sealed class ImageNameTarget : TextTarget
{
    public override string Name => "image-name";

    public override string Input => "names of images, from recipes and from annotations in an image layout";

    public override IReadOnlyList<string> Words => ["localhost:5000/", "docker.io/library/", ":latest", "__", "---", ".", "a", "A"];

    protected override object? Parse(string text)
    {
        if (!ImageName.TryParse(text, out var name))
        {
            return null;
        }

        Require(text.All(character => character is > ' ' and < '\x7f'), "a name with something that cannot be seen is taken");
        Require(ImageName.TryParse(name.ToString(), out var again) && again == name, "a name that is written again is read differently");
        return name;
    }
}

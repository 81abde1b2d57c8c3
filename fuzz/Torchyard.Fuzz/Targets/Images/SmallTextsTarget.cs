using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Layers;

namespace Torchyard.Fuzz.Targets.Images;

internal sealed class SmallTextsTarget : FuzzTarget
{
    public override string Name => "image-texts";

    public override string Input => "access control lists of files in images, calls of py3compile in maintainer scripts";

    public override IReadOnlyList<string> Words => ["\u0002\0\0\0", "-p ", "-V 3.13-", "/usr/lib/python3/dist-packages"];

    public override object? Parse(byte[] input) =>
        (AccessControlList.GroupPermissions(input), BytecodeCalls.Parse("a:amd64", System.Text.Encoding.UTF8.GetString(input).Split(' ')));
}

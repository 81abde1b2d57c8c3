using Torchyard.Packages.Debian.Archives;

namespace Torchyard.Fuzz.Targets.Debian;

internal sealed class ReleaseTarget : FuzzTarget
{
    public override string Name => "release";

    public override string Input => "Release files of Debian archives";

    public override IReadOnlyList<string> Words =>
        [
            "Date: Sat, 08 Nov 2025 09:39:26 UTC\n",
            "Valid-Until: ",
            "SHA256:\n",
            " e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 10 main/binary-amd64/Packages.xz\n",
            "Acquire-By-Hash: yes\n",
            "NotAutomatic: yes\n",
            "Components: main contrib\n",
        ];

    public override object? Parse(byte[] input)
    {
        var release = ReleaseFile.Read(input, Digest.Of(input), "http://archive.example/dists/x/Release");
        return (
            release.Date,
            release.ValidUntil,
            release.ByHash,
            release.PinPriority,
            release.Words("Components"),
            release.Find("main/binary-amd64/Packages.xz")
        );
    }
}

using Torchyard.Recipes.Locks;

namespace Torchyard.Fuzz.Targets.Recipes;

internal sealed class LockTarget : FuzzTarget
{
    public override string Name => "lock";

    public override string Input => "torchyard.lock of a stranger's project, also one with marks of a merge conflict";

    public override int LongestInput => 16 * 1024;

    public override IReadOnlyList<string> Words =>
        [
            "<<<<<<< ours\n",
            "|||||||\n",
            "=======\n",
            ">>>>>>> theirs\n",
            "checksum = \"sha256:",
            "[[debian.package]]\n",
            "[[python.package]]\n",
            "[fit]\n",
            "version = 1\n",
            "size = -1\n",
        ];

    public override object? Parse(byte[] input)
    {
        var salvaged = LockSalvage.Of(input, "torchyard.lock");
        var locked = LockReader.ReadUnchecked(input, "torchyard.lock");
        var written = LockText.Write(locked);
        Require(
            LockText.Write(LockReader.Read(Bytes.Of(written), "torchyard.lock")) == written,
            "a lock that is written again is read differently"
        );
        return (written, salvaged is null ? null : LockText.Write(salvaged));
    }
}

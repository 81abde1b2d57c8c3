using CsCheck;
using Torchyard.Packages.Python.Versions;

namespace Torchyard.Packages.Tests.Python.Versions;

internal static class VersionGen
{
    private static readonly Gen<string> Suffix = Gen.Select(
        OneOf("", "", "a0", "a1", "b2", "rc1"),
        OneOf("", "", ".post0", ".post2"),
        OneOf("", "", ".dev0", ".dev3"),
        OneOf("", "", "+cu128", "+cu130", "+1", "+1.a", "+a.1"),
        (pre, post, dev, local) => pre + post + dev + local
    );

    /// <summary>Few values a segment, so that equal and neighbouring versions are common.</summary>
    public static readonly Gen<PythonVersion> Any = Gen.Select(
        OneOf("", "", "", "1!"),
        Gen.Int[0, 2].Array[1, 4],
        Suffix,
        (epoch, release, suffix) => PythonVersion.Parse(epoch + string.Join('.', release) + suffix)
    );

    public static Gen<string> OneOf(params string[] choices) => Gen.Int[0, choices.Length - 1].Select(i => choices[i]);
}

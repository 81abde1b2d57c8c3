using Torchyard.Platform.Linking;

namespace Torchyard.Fuzz.Targets.Images;

internal sealed class LinkerCacheTarget : FuzzTarget
{
    public override string Name => "linker-cache";

    public override string Input => "ld.so.cache of images and captured environments";

    public override IEnumerable<byte[]> Seeds() =>
        [
            LinkerCacheWriter.Write(
                [
                    new LinkerCacheEntry("libc.so.6", "/lib/libc.so.6", LinkerCache.FlagElfLibc6 | LinkerCache.FlagX8664),
                    new LinkerCacheEntry("liba.so.10", "/lib/liba.so.10", 3, 1UL << 62),
                ],
                ["x86-64-v3"]
            ),
            LinkerCacheWriter.Write([], []),
        ];

    public override IReadOnlyList<string> Words => ["ld.so-1.7.0", "glibc-ld.so.cache1.1", "libc.so.6\0"];

    public override object? Parse(byte[] input)
    {
        var entries = LinkerCache.Read(input);
        var names = LinkerCache.HardwareCapabilityNames(input);
        // The writer sorts; once it has, nothing changes any more.
        var written = LinkerCacheWriter.Write(entries, names);
        Require(
            LinkerCacheWriter
                .Write(LinkerCache.Read(written), LinkerCache.HardwareCapabilityNames(written))
                .AsSpan()
                .SequenceEqual(written),
            "a cache that is written again is another one"
        );
        return (entries, names);
    }
}

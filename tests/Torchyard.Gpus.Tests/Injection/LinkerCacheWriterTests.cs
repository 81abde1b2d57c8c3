using CsCheck;
using Torchyard.Gpus.Injection;
using Torchyard.Gpus.Native;
using Torchyard.Platform.Processes;

namespace Torchyard.Gpus.Tests.Injection;

public sealed class LinkerCacheWriterTests
{
    private const int X8664 = LinkerCache.FlagElfLibc6 | LinkerCache.FlagX8664;

    [Fact]
    public async Task Ldconfig_of_glibc_reads_it_back()
    {
        var ldconfig = ((string[])["/sbin/ldconfig", "/usr/sbin/ldconfig"]).FirstOrDefault(File.Exists);
        Assert.SkipWhen(ldconfig is null, "there is no ldconfig on this machine");
        using var work = new TemporaryDirectory();
        var cache = work.File("cache");
        await File.WriteAllBytesAsync(cache, RecordedMachine.H200.Injection().Compose([], null, []), TestContext.Current.CancellationToken);
        var result = await HostCommand.RunAsync(ldconfig, ["-p", "-C", cache], cancellation: TestContext.Current.CancellationToken);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("libcuda.so.1 (libc6,x86-64) => /usr/local/nvidia/lib64/libcuda.so.1", result.Output, StringComparison.Ordinal);
        Assert.Contains("libnvidia-ml.so.1 (libc6,x86-64) => /usr/local/nvidia/lib64/libnvidia-ml.so.1", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_images_libraries_stay_and_its_drivers_go()
    {
        var image = LinkerCacheWriter.Write(
            [new("libc.so.6", "/lib/libc.so.6", X8664), new("libcuda.so.1", "/stale/libcuda.so.1", X8664), new("libx.so", "/v3/libx.so", X8664, (1UL << 62) | 0)],
            ["x86-64-v3"]);
        var made = RecordedMachine.H200.Injection().Compose(image, null, []);
        var entries = LinkerCache.Read(made);
        Assert.Equal("/lib/libc.so.6", Assert.Single(entries, e => e.Soname == "libc.so.6").Path);
        Assert.Equal("/usr/local/nvidia/lib64/libcuda.so.1", Assert.Single(entries, e => e.Soname == "libcuda.so.1").Path);
        Assert.Equal(1UL << 62, Assert.Single(entries, e => e.Soname == "libx.so").HardwareCapabilities);
        Assert.Equal(["x86-64-v3"], LinkerCache.HardwareCapabilityNames(made));
    }

    [Fact]
    public void A_compat_driver_that_fits_comes_first()
    {
        var entries = LinkerCache.Read(RecordedMachine.H200.Injection().Compose([], "/usr/local/cuda-13.1/compat", ["libcuda.so", "libcuda.so.1", "libcuda.so.590.44.01"]));
        Assert.Equal(
            ["/usr/local/cuda-13.1/compat/libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1"], entries.Where(e => e.Soname == "libcuda.so.1").Select(e => e.Path));
    }

    [Theory]
    [InlineData("libcuda.so.1", "libcuda.so", 1)]
    [InlineData("libx.so.10", "libx.so.9", 1)]
    [InlineData("liba.so", "libb.so", -1)]
    [InlineData("lib1.so", "liba.so", 1)]
    [InlineData("libm.so.6", "libm.so.6", 0)]
    public void Names_are_ordered_as_the_loader_searches_them(string left, string right, int sign) =>
        Assert.Equal(sign, Math.Sign(LinkerCacheWriter.NameOrder.Instance.Compare(left, right)));

    [Fact]
    public void What_is_written_is_read_back_in_descending_order() =>
        Gen.String[Gen.Char["abc019.-"], 1, 12].Array[0, 40].Sample(names =>
        {
            var entries = names.Select((n, i) => new LinkerCacheEntry(n, $"/lib/{i}", X8664)).ToList();
            var read = LinkerCache.Read(LinkerCacheWriter.Write(entries, []));
            Assert.Equal(entries.OrderBy(e => e.Path), read.OrderBy(e => e.Path));
            for (var i = 1; i < read.Count; i++)
                Assert.True(LinkerCacheWriter.NameOrder.Instance.Compare(read[i - 1].Soname, read[i].Soname) >= 0);
        });
}

using Torchyard.Platform.Linking;
using Torchyard.Platform.Processes;
using Torchyard.Testing.Gpus;

namespace Torchyard.Containers.Tests.Gpus;

public sealed class ContainerLinkerCacheTests
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
        var result = await HostCommand.RunAsync(
            HostProgram.At(ldconfig),
            ["-p", "-C", cache],
            cancellation: TestContext.Current.CancellationToken
        );
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("libcuda.so.1 (libc6,x86-64) => /usr/local/nvidia/lib64/libcuda.so.1", result.Output, StringComparison.Ordinal);
        Assert.Contains(
            "libnvidia-ml.so.1 (libc6,x86-64) => /usr/local/nvidia/lib64/libnvidia-ml.so.1",
            result.Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_images_libraries_stay_and_its_drivers_go()
    {
        var image = LinkerCacheWriter.Write(
            [
                new("libc.so.6", "/lib/libc.so.6", X8664),
                new("libcuda.so.1", "/stale/libcuda.so.1", X8664),
                new("libx.so", "/v3/libx.so", X8664, (1UL << 62) | 0),
            ],
            ["x86-64-v3"]
        );
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
        var entries = LinkerCache.Read(
            RecordedMachine
                .H200.Injection()
                .Compose([], "/usr/local/cuda-13.1/compat", ["libcuda.so", "libcuda.so.1", "libcuda.so.590.44.01"])
        );
        Assert.Equal(
            ["/usr/local/cuda-13.1/compat/libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1"],
            entries.Where(e => e.Soname == "libcuda.so.1").Select(e => e.Path)
        );
    }

    [Fact]
    public void All_names_of_a_compat_driver_are_found_also_those_that_end_in_its_version()
    {
        // The files of cuda_compat 590.48.01 and their links.
        string[] names =
        [
            "libcuda.so",
            "libcuda.so.1",
            "libcuda.so.590.48.01",
            "libnvidia-gpucomp.so.590.48.01",
            "libnvidia-nvvm.so.4",
            "libnvidia-nvvm70.so.4",
            "libnvidia-tileiras.so.590.48.01",
            "libnvidia-ptxjitcompiler.so.1",
        ];
        var entries = LinkerCache.Read(RecordedMachine.H200.Injection().Compose([], "/usr/local/cuda/compat", names));
        Assert.All(names, name => Assert.Equal($"/usr/local/cuda/compat/{name}", entries.First(e => e.Soname == name).Path));
    }
}

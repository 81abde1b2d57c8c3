using System.Diagnostics;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;

namespace Torchyard.Packages.Tests.Python.Indexes;

/// <summary>A disk that fills up while a wheel comes is not trouble of the network.</summary>
public sealed class WheelCacheDiskTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_disk_is_told_at_once_with_sizes()
    {
        Requires.Root("mounting a small file system needs root");
        using var directory = new TemporaryDirectory();
        var wheel = Path.Combine(directory.Path, "demo-1-py3-none-any.whl");
        await File.WriteAllBytesAsync(wheel, new byte[3 << 20], Cancellation);
        var store = Directory.CreateDirectory(Path.Combine(directory.Path, "store")).FullName;
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=1m", "torchyard-test", store);
        try
        {
            using var transport = new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None());
            var cache = new WheelCache(new StorePaths(store), transport)
            {
                Retry = new RetryPolicy
                {
                    Tries = 6,
                    FirstPause = TimeSpan.FromDays(1),
                    LongestPause = TimeSpan.FromDays(1),
                },
            };

            var full = await Assert.ThrowsAsync<TorchyardException>(() =>
                cache.GetAsync(new Uri(wheel), null, 3 << 20, SilentProgress.Instance, Cancellation)
            );

            Assert.Equal("TY2052", full.Code);
            Assert.Contains("3.1 MB are needed, ", full.Message, StringComparison.Ordinal);
            Assert.Contains("torchyard prune", full.Cure, StringComparison.Ordinal);
        }
        finally
        {
            await RunAsync("umount", "--lazy", store);
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(0, process.ExitCode);
    }
}

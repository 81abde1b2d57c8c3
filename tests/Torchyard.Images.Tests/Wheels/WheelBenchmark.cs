using System.Diagnostics;
using System.Globalization;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Tests.Building;
using Torchyard.Images.Wheels;
using Torchyard.Packages.Python.Names;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Images.Tests.Wheels;

/// <summary>Torchyard's side of bench/wheels/run.sh: the wheels of TORCHYARD_BENCH_WHEELS into layers, with the mounted form.</summary>
public sealed class WheelBenchmark
{
    [Fact]
    public async Task Install_wheels_into_layers()
    {
        var directory = Environment.GetEnvironmentVariable("TORCHYARD_BENCH_WHEELS");
        Assert.SkipWhen(directory is null, "TORCHYARD_BENCH_WHEELS names no directory of wheels");
        Assert.SkipUnless(ChrootSandbox.IsUsable, "needs root");
        var cancellation = TestContext.Current.CancellationToken;
        var files = new Dictionary<LockedPythonPackage, string>();
        foreach (var path in Directory.EnumerateFiles(directory!, "*.whl"))
        {
            Assert.True(WheelFileName.TryParse(Path.GetFileName(path), out var name));
            var digest = Digest.FromHash(await System.Security.Cryptography.SHA256.HashDataAsync(File.OpenRead(path), cancellation));
            files.Add(new LockedPythonPackage { Name = name.Name, Version = name.Version, Filename = name.Text, Size = new FileInfo(path).Length, Sha256 = digest }, path);
        }

        var locked = new LockedPython { Interpreter = "3.13", Resolver = "bench", Packages = [.. files.Keys.OrderBy(p => p.Name, StringComparer.Ordinal)] };
        var result = Environment.GetEnvironmentVariable("TORCHYARD_BENCH_RESULT");
        foreach (var compression in Enum.GetValues<LayerCompression>().OrderDescending())
        {
            using var store = new TemporaryStore();
            var layout = new OciLayout(store.Paths);
            layout.Initialise();
            var layers = new PythonLayers(
                layout, new LayerCache(store.Paths, layout), new ImageSettings { Compression = compression }, "bench", Path.Combine(store.Paths.Root, "build"));
            var clock = Stopwatch.StartNew();
            var before = Environment.CpuUsage.TotalTime;
            var made = await layers.MakeAsync(locked, [], files, SilentProgress.Instance, cancellation);
            var line = string.Create(
                CultureInfo.InvariantCulture,
                $"torchyard {compression}: {clock.Elapsed.TotalSeconds:F2} s, {(Environment.CpuUsage.TotalTime - before).TotalSeconds:F2} CPU s, {made.Count} layers, {made.Sum(l => l.Layer.Layer.Size) / 1e6:F0} MB blobs, {made.Sum(l => l.Layer.Layer.UncompressedSize) / 1e6:F0} MB installed, peak {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:F0} MB\n");
            TestContext.Current.SendDiagnosticMessage(line);
            if (result is not null)
            {
                await File.AppendAllTextAsync(result, line, cancellation);
            }
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Python;
using Torchyard.Packages.Python.Names;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

// wheel-layers WHEEL-DIRECTORY STORE gzip|zstd: the wheels into layers with the mounted form, and what it took.
if (args is not [var wheels, var place, var form] || !Enum.TryParse<LayerCompression>(form, ignoreCase: true, out var compression))
{
    Console.Error.WriteLine("usage: wheel-layers WHEEL-DIRECTORY STORE gzip|zstd");
    return 2;
}

// A lock has the hashes, so making them is not part of it.
var files = new Dictionary<LockedPythonPackage, string>();
foreach (var path in Directory.EnumerateFiles(wheels, "*.whl"))
{
    if (!WheelFileName.TryParse(Path.GetFileName(path), out var name))
    {
        Console.Error.WriteLine($"wheel-layers: {path} has no name of a wheel");
        return 2;
    }

    using var content = File.OpenRead(path);
    var digest = Digest.FromHash(SHA256.HashData(content));
    files.Add(
        new LockedPythonPackage
        {
            Name = name.Name,
            Version = name.Version,
            Filename = name.Text,
            Size = content.Length,
            Sha256 = digest,
        },
        path
    );
}

var locked = new LockedPython
{
    Interpreter = "3.13",
    Resolver = "bench",
    Packages = [.. files.Keys.OrderBy(p => p.Name, StringComparer.Ordinal)],
};
var store = new StorePaths(Path.GetFullPath(place));
var layout = new OciLayout(store);
layout.Initialise();
var layers = new PythonLayers(
    layout,
    new LayerCache(store, layout),
    new Packing(new ImageSettings { Compression = compression }, "bench"),
    Path.Combine(store.Root, "build")
);
var clock = Stopwatch.StartNew();
var before = Environment.CpuUsage.TotalTime;
var here = files.ToDictionary(file => file.Key, file => Task.FromResult(file.Value));
var made = await layers.MakeAsync(locked, [], here, SilentProgress.Instance, CancellationToken.None);
Console.WriteLine(
    string.Create(
        CultureInfo.InvariantCulture,
        $"torchyard {form}: {clock.Elapsed.TotalSeconds:F2} s, {(Environment.CpuUsage.TotalTime - before).TotalSeconds:F2} CPU s, "
            + $"{made.Count} layers, {made.Sum(l => l.Layer.Layer.Size) / 1e6:F0} MB blobs, "
            + $"{made.Sum(l => l.Layer.Layer.UncompressedSize) / 1e6:F0} MB installed, peak "
            + $"{Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:F0} MB"
    )
);
return 0;

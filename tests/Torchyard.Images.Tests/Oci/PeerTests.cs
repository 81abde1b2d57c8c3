using System.Diagnostics;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Oci;

/// <summary>Other tools accept the store's layout.</summary>
public sealed class PeerTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    public PeerTests() => Requires.Root("needs root for whiteouts and owners");

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(LayerCompression.Zstd)]
    [InlineData(LayerCompression.Gzip)]
    public async Task Skopeo_copies_the_image_with_its_digest(LayerCompression compression)
    {
        Require("skopeo");
        var image = await SmallImage.AddAsync(_store, "small:1", compression);
        var copy = Path.Combine(_store.Paths.Root, "copy");
        Run("skopeo", "copy", $"oci:{_store.Paths.Oci}:small:1", $"oci:{copy}:1");
        Assert.Contains(
            image.Manifest.ToString(),
            await File.ReadAllTextAsync(Path.Combine(copy, "index.json"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Umoci_unpacks_the_same_tree()
    {
        Require("umoci");
        await SmallImage.AddAsync(_store, "small", LayerCompression.Gzip);
        // umoci reads tags without a colon in them.
        Run("skopeo", "copy", $"oci:{_store.Paths.Oci}:small:latest", $"oci:{_store.Paths.Root}/copy:1");
        Run("umoci", "unpack", "--image", $"{_store.Paths.Root}/copy:1", Path.Combine(_store.Paths.Root, "bundle"));
        var root = Path.Combine(_store.Paths.Root, "bundle/rootfs");
        Assert.Equal(
            ["usr", "usr/link0", "usr/link1", "usr/share", "usr/share/0", "usr/share/1"],
            Directory
                .EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(root, path))
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal("one", await File.ReadAllTextAsync(Path.Combine(root, "usr/link0"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Oci_image_tool_validates_the_layout()
    {
        Require("oci-image-tool");
        await SmallImage.AddAsync(_store, "small", LayerCompression.Gzip);
        Run("oci-image-tool", "validate", "--type", "image", "--ref", "name=small:latest", _store.Paths.Oci);
    }

    private static void Require(string tool) =>
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(directory => File.Exists(Path.Combine(directory, tool))),
            $"needs {tool}"
        );

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true }
        )!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {error}{output.Result}");
    }
}

using System.Formats.Tar;
using CsCheck;
using Torchyard.Images.Oci;
using Torchyard.Images.Python;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Python;

namespace Torchyard.Images.Tests.Wheels;

public sealed class HostileWheelLayerTests
{
    private static readonly byte[] Wheel = new TestWheel("demo", "1.0") { EntryPoints = "[console_scripts]\nrun = demo:main\n" }
        .Add("demo/__init__.py", "x = 1\n")
        .Add("demo/data.bin", [.. Enumerable.Range(0, 90_000).Select(i => (byte)(i * i >> 5))])
        .Add("demo-1.0.data/scripts/tool", "#!python\nprint(1)\n")
        .Build();

    /// <summary>
    /// A damaged wheel becomes the same layer as the whole one, or none: nothing stays in the store, and nothing is ever outside it.
    /// </summary>
    [Theory]
    [InlineData(LayerCompression.Gzip, 1)]
    [InlineData(LayerCompression.Zstd, 1)]
    [InlineData(LayerCompression.Gzip, 8)]
    [InlineData(LayerCompression.Zstd, 8)]
    public void A_mutated_wheel_leaves_a_right_layer_or_nothing(LayerCompression compression, int cores)
    {
        using var scratch = new TemporaryDirectory();
        var sound = Contents(Write(scratch, "sound", Wheel, compression, cores));
        var number = 0;
        var mutation = Gen.Select(Gen.OneOf(Gen.Int[0, Wheel.Length - 1], Gen.Int[Wheel.Length - 1200, Wheel.Length - 1]), Gen.Byte).Array[
            1,
            3
        ];
        mutation.Sample(
            changes =>
            {
                var mutated = (byte[])Wheel.Clone();
                foreach (var (at, value) in changes)
                {
                    mutated[at] = value;
                }

                var name = $"case-{Interlocked.Increment(ref number)}";
                var store = Path.Combine(scratch.Path, name, "store");
                try
                {
                    // A zip has bytes that mean nothing, and execute bits that no hash covers: the content is what counts.
                    Assert.Equal(sound, Contents(Write(scratch, name, mutated, compression, cores)));
                }
                catch (TorchyardException refused)
                {
                    Assert.Contains(refused.Code, (string[])["TY2501", "TY2502"]);
                    Assert.Contains("demo-1.0-py3-none-any.whl", refused.Message, StringComparison.Ordinal);
                    Assert.Empty(Directory.EnumerateFiles(Path.Combine(store, "oci", "blobs", "sha256")));
                    Assert.Empty(Directory.EnumerateFiles(Path.Combine(store, "tmp")));
                }

                Assert.Equal(
                    [store, Path.Combine(scratch.Path, name, "store", "mounted")],
                    [store, .. Directory.EnumerateDirectories(store, "mounted")]
                );
                Assert.Equal([store], Directory.EnumerateFileSystemEntries(Path.Combine(scratch.Path, name)));
                Directory.Delete(Path.Combine(scratch.Path, name), recursive: true);
            },
            iter: 200
        );
        Assert.Equal(["sound"], Directory.EnumerateFileSystemEntries(scratch.Path).Select(Path.GetFileName));
    }

    private static SortedDictionary<string, Digest> Contents((PackedLayer Layer, OciLayout Layout) written)
    {
        var format = written.Layer.MediaType == MediaTypes.LayerGzip ? CompressionFormat.Gzip : CompressionFormat.Zstd;
        using var tar = new TarReader(Decompression.Open(File.OpenRead(written.Layout.BlobPath(written.Layer.Blob)), format));
        var contents = new SortedDictionary<string, Digest>(StringComparer.Ordinal);
        while (tar.GetNextEntry() is { } entry)
        {
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            contents.Add(entry.Name, Digest.Of(content.ToArray()));
        }

        return contents;
    }

    private static (PackedLayer Layer, OciLayout Layout) Write(
        TemporaryDirectory scratch,
        string name,
        byte[] content,
        LayerCompression compression,
        int cores
    )
    {
        var paths = new StorePaths(Path.Combine(scratch.Path, name, "store"));
        var layout = new OciLayout(paths);
        layout.Initialise();
        var mounted = Directory.CreateDirectory(Path.Combine(paths.Root, "mounted")).FullName;
        var package = new LockedPythonPackage
        {
            Name = "demo",
            Version = "1.0",
            Filename = "demo-1.0-py3-none-any.whl",
            Size = content.Length,
            Sha256 = Digest.Of(content),
        };
        using var place = new TemporaryDirectory();
        using var wheel = WheelArchive.Open(place.Write(package.Filename, content), package.Filename);
        var plan = new InstallPlanner(new VenvLayout("3.13", LockedPython.VenvPath)).Plan(wheel, package);
        return (
            new WheelLayerWriter(layout, new ImageSettings { Compression = compression }, new DecodeAhead(cores, from: 1)).Write(
                [new PlannedWheel(package, plan)],
                new HashSet<(string, string)>(),
                Environment.IsPrivilegedProcess ? mounted : null,
                _ => { },
                TestContext.Current.CancellationToken
            ),
            layout
        );
    }
}

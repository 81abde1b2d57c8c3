using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Torchyard.Images.Oci;
using Torchyard.Images.Python;
using Torchyard.Images.Store;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Python;

namespace Torchyard.Images.Tests.Wheels;

public sealed class WheelLayerWriterTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LayerCompression.Gzip)]
    [InlineData(LayerCompression.Zstd)]
    public void The_layer_holds_what_the_wheel_installs(LayerCompression compression)
    {
        using var store = new TemporaryDirectory();
        var test = Sample();
        var (layer, layout) = Write(store, compression, test);

        using var tar = Decode(layer, layout);
        Assert.Equal(layer.DiffId, Digest.FromHash(SHA256.HashData(tar)));
        Assert.Equal(layer.UncompressedSize, tar.Length);
        tar.Position = 0;
        var found = new Dictionary<string, (UnixFileMode Mode, int User, byte[] Content)>(StringComparer.Ordinal);
        using var reader = new TarReader(tar);
        while (reader.GetNextEntry() is { } entry)
        {
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            found.Add(entry.Name, (entry.Mode, entry.Uid, content.ToArray()));
        }

        const string Site = "opt/venv/lib/python3.13/site-packages/";
        Assert.Equal(LargeText(), Encoding.UTF8.GetString(found[Site + "demo/large.txt"].Content));
        Assert.Equal("x = 1\n", Encoding.UTF8.GetString(found[Site + "demo/__init__.py"].Content));
        Assert.Empty(found[Site + "demo/empty.py"].Content);
        Assert.Equal((UnixFileMode)0x1ED, found["opt/venv/bin/demo"].Mode);
        Assert.Equal(0, found["opt/"].User);
        Assert.Equal(1000, found["opt/venv/"].User);
        Assert.Equal(1000, found[Site + "demo/__init__.py"].User);
        Assert.Contains(Site + "demo-1.0.dist-info/RECORD", found.Keys);
    }

    [Fact]
    public void Carrying_deflate_data_over_changes_neither_the_content_nor_its_digest_and_the_bytes_are_the_same_every_time()
    {
        using var one = new TemporaryDirectory();
        using var two = new TemporaryDirectory();
        using var three = new TemporaryDirectory();
        var gzip = Write(one, LayerCompression.Gzip, Sample()).Layer;
        Assert.Equal(gzip, Write(two, LayerCompression.Gzip, Sample()).Layer);
        Assert.Equal(gzip.DiffId, Write(three, LayerCompression.Zstd, Sample()).Layer.DiffId);
    }

    [Fact]
    public void A_large_file_of_the_wheel_is_in_the_blob_as_it_is()
    {
        using var store = new TemporaryDirectory();
        var test = Sample();
        var (layer, layout) = Write(store, LayerCompression.Gzip, test);
        using var zip = new ZipArchive(new MemoryStream(test.Build()));
        var compressed = zip.GetEntry("demo/large.txt")!.CompressedLength;
        Assert.True(compressed >= WheelLayerSink.CarryFrom);
        using var wheel = WheelArchive.Open(test.WriteTo(store.Path), test.FileName);
        using var member = new MemoryStream();
        using (var source = wheel.OpenGzipMember(wheel.Files.Single(f => f.Entry.Name == "demo/large.txt")))
        {
            source.CopyTo(member);
        }

        Assert.True(File.ReadAllBytes(layout.BlobPath(layer.Blob)).AsSpan().IndexOf(member.ToArray()) > 0);
    }

    [Theory]
    [InlineData(LayerCompression.Gzip, 1)]
    [InlineData(LayerCompression.Zstd, 1)]
    [InlineData(LayerCompression.Gzip, 8)]
    [InlineData(LayerCompression.Zstd, 8)]
    public void A_file_with_another_hash_than_record_says_leaves_nothing_in_the_store(LayerCompression compression, int cores)
    {
        Assert.SkipUnless(cores == 1 || Environment.IsPrivilegedProcess, "only root may give files away");
        using var store = new TemporaryDirectory();
        // With cores to spare the file is decoded ahead, into the mounted form, and hashed on a thread of its own.
        var mounted = cores == 1 ? null : Directory.CreateDirectory(Path.Combine(store.Path, "mounted")).FullName;
        var test = Sample();
        test.Record = text =>
            string.Join(
                '\n',
                text.Split('\n')
                    .Select(line =>
                        line.StartsWith("demo/large.txt,", StringComparison.Ordinal)
                            ? "demo/large.txt,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU," + line.Split(',')[2]
                            : line
                    )
            );
        var error = Assert.Throws<TorchyardException>(() => Write(store, compression, test, mounted, new DecodeAhead(cores, from: 1000)));
        Assert.Equal("TY2501", error.Code);
        Assert.Contains("'demo/large.txt' has not the hash", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(store.Path, "oci", "blobs", "sha256")));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(store.Path, "tmp")));
    }

    [Fact]
    public void The_mounted_form_is_the_tars_content()
    {
        Requires.Root("needs root to give files to the environment's user");
        using var store = new TemporaryDirectory();
        var mounted = Directory.CreateDirectory(Path.Combine(store.Path, "mounted")).FullName;
        var (layer, layout) = Write(store, LayerCompression.Gzip, Sample(), mounted);
        using var tar = Decode(layer, layout);
        tar.Position = 0;
        using var reader = new TarReader(tar);
        var files = 0;
        while (reader.GetNextEntry() is { } entry)
        {
            var path = Path.Combine(mounted, entry.Name.TrimEnd('/'));
            Assert.Equal(entry.Mode, File.GetUnixFileMode(path));
            Assert.Equal(
                entry.ModificationTime.ToUnixTimeSeconds(),
                new DateTimeOffset(File.GetLastWriteTimeUtc(path)).ToUnixTimeSeconds()
            );
            if (entry.EntryType == TarEntryType.RegularFile)
            {
                files++;
                using var content = new MemoryStream();
                entry.DataStream?.CopyTo(content);
                Assert.Equal(content.ToArray(), File.ReadAllBytes(path));
            }
        }

        Assert.Equal(files, Directory.EnumerateFiles(mounted, "*", SearchOption.AllDirectories).Count());
        Assert.True(StoreValidation.IsMountedAs(layer.DiffId, mounted), "torchyard check takes the layer for a changed one");
        File.AppendAllText(Path.Combine(mounted, "opt/venv/bin/demo"), "#");
        Assert.False(StoreValidation.IsMountedAs(layer.DiffId, mounted));
    }

    [Theory]
    [InlineData(LayerCompression.Gzip)]
    [InlineData(LayerCompression.Zstd)]
    public void Files_decoded_before_their_turn_make_the_same_layer_and_the_same_mounted_form(LayerCompression compression)
    {
        Requires.Root("only root may give files away");
        var random = new Random(11);
        var test = Sample();
        // Runs of small files, empty ones and large ones among them.
        for (var number = 0; number < 600; number++)
        {
            test.Add($"demo/{(char)('b' + number % 20)}{number}.py", new string('x', number % 7 * random.Next(3000)));
        }

        foreach (var name in (string[])["demo/a.bin", "demo/m.bin", "demo/z.bin"])
        {
            var content = new byte[700_000 + random.Next(300_000)];
            random.NextBytes(content.AsSpan(0, content.Length / 3));
            test.Add(name, content);
        }

        using var one = new TemporaryDirectory();
        using var all = new TemporaryDirectory();
        var mounted = Directory.CreateDirectory(Path.Combine(one.Path, "mounted")).FullName;
        var mountedAll = Directory.CreateDirectory(Path.Combine(all.Path, "mounted")).FullName;
        Assert.Equal(
            Write(one, compression, test, mounted, new DecodeAhead(1)).Layer,
            // All large files are begun before the layer comes to the first.
            Write(all, compression, test, mountedAll, new DecodeAhead(8, from: 100_000)).Layer
        );
        var files = Files(mounted);
        Assert.Contains(files, file => file.Path.EndsWith("demo/z.bin", StringComparison.Ordinal));
        Assert.Equal(files, Files(mountedAll));

        static List<(string Path, Digest Content, UnixFileMode Mode, DateTime Time)> Files(string root) =>
            [
                .. Directory
                    .EnumerateFiles(root, "*", SearchOption.AllDirectories)
                    .Order(StringComparer.Ordinal)
                    .Select(path =>
                        (
                            Path.GetRelativePath(root, path),
                            Digest.Of(File.ReadAllBytes(path)),
                            File.GetUnixFileMode(path),
                            File.GetLastWriteTimeUtc(path)
                        )
                    ),
            ];
    }

    [Theory]
    [InlineData(LayerCompression.Gzip, 1)]
    [InlineData(LayerCompression.Zstd, 1)]
    [InlineData(LayerCompression.Gzip, 8)]
    [InlineData(LayerCompression.Zstd, 8)]
    public void A_small_or_empty_file_with_another_hash_is_refused_wherever_it_is_decoded(LayerCompression compression, int cores)
    {
        Requires.Root("only root may give files away");
        foreach (var name in (string[])["demo/empty.py", "demo/small12.py"])
        {
            using var store = new TemporaryDirectory();
            var mounted = Directory.CreateDirectory(Path.Combine(store.Path, "mounted")).FullName;
            var test = Sample();
            for (var number = 0; number < 40; number++)
            {
                test.Add($"demo/small{number}.py", $"x = {number}\n");
            }

            test.Record = text =>
                string.Join(
                    '\n',
                    text.Split('\n')
                        .Select(line =>
                            line.StartsWith(name + ",", StringComparison.Ordinal)
                                ? $"{name},sha256={new string('A', 43)},{line.Split(',')[2]}"
                                : line
                        )
                );
            var error = Assert.Throws<TorchyardException>(() => Write(store, compression, test, mounted, new DecodeAhead(cores)));
            Assert.Equal("TY2501", error.Code);
            Assert.Contains($"'{name}' has not the hash", error.Message, StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateFiles(Path.Combine(store.Path, "oci", "blobs", "sha256")));
        }
    }

    [Fact]
    public void An_error_before_a_large_file_ends_its_decoding()
    {
        Requires.Root("only root may give files away");
        using var store = new TemporaryDirectory();
        var mounted = Directory.CreateDirectory(Path.Combine(store.Path, "mounted")).FullName;
        // What is in the way is found by the layer at its first file.
        Directory.CreateDirectory(Path.Combine(mounted, "opt/venv/bin/demo"));
        Assert.ThrowsAny<Exception>(() => Write(store, LayerCompression.Zstd, Sample(), mounted, new DecodeAhead(8, from: 1000)));
        Directory.Delete(mounted, recursive: true);
        Assert.False(Directory.Exists(mounted));
    }

    private static TestWheel Sample() =>
        new TestWheel("demo", "1.0") { EntryPoints = "[console_scripts]\ndemo = demo:main\n" }
            .Add("demo/__init__.py", "x = 1\n")
            .Add("demo/empty.py", "")
            .Add("demo/large.txt", LargeText());

    /// <summary>Text that deflates to more than the carrying limit.</summary>
    private static string LargeText()
    {
        var random = new Random(7);
        return string.Concat(
            Enumerable.Range(0, 20_000).Select(_ => random.Next(1000).ToString(System.Globalization.CultureInfo.InvariantCulture) + "\n")
        );
    }

    private static (PackedLayer Layer, OciLayout Layout) Write(
        TemporaryDirectory store,
        LayerCompression compression,
        TestWheel test,
        string? mounted = null,
        DecodeAhead? ahead = null
    )
    {
        Cancellation.ThrowIfCancellationRequested();
        var layout = new OciLayout(new StorePaths(store.Path));
        layout.Initialise();
        var content = test.Build();
        var package = new LockedPythonPackage
        {
            Name = "demo",
            Version = "1.0",
            Filename = test.FileName,
            Size = content.Length,
            Sha256 = Digest.Of(content),
        };
        using var wheel = WheelArchive.Open(test.WriteTo(store.Path), test.FileName);
        var plan = new InstallPlanner(new VenvLayout("3.13", LockedPython.VenvPath)).Plan(wheel, package);
        var writer = new WheelLayerWriter(layout, new ImageSettings { Compression = compression }, ahead ?? new DecodeAhead(2));
        return (writer.Write([new PlannedWheel(package, plan)], new HashSet<(string, string)>(), mounted, _ => { }, Cancellation), layout);
    }

    private static MemoryStream Decode(PackedLayer layer, OciLayout layout)
    {
        var tar = new MemoryStream();
        var format = layer.MediaType == MediaTypes.LayerGzip ? CompressionFormat.Gzip : CompressionFormat.Zstd;
        using var decoder = Decompression.Open(File.OpenRead(layout.BlobPath(layer.Blob)), format);
        decoder.CopyTo(tar);
        tar.Position = 0;
        return tar;
    }
}

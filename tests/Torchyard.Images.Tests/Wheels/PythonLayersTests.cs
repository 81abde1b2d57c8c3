using System.Formats.Tar;
using Torchyard.Images.Errors;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Python;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Python;

namespace Torchyard.Images.Tests.Wheels;

/// <summary>How distributions are dealt out to layers. Heavy ones have a file of zeros, which costs next to nothing.</summary>
public sealed class PythonLayersTests
{
    private const int Heavy = (int)WheelGrouping.HeavySize;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_heavy_distribution_has_a_layer_and_no_library_lands_twice()
    {
        using var scratch = Scratch();
        var made = await MakeAsync(scratch, Stack());

        Assert.Equal(
            ["python nvidia-cublas==1.0", "python nvidia-cudnn==1.0", "python torch==1.0", "python jinja2==1.0 sympy==1.0"],
            made.Select(l => l.Layer.History)
        );
        var files = made.SelectMany(l => Files(scratch, l)).ToList();
        Assert.Single(files, f => f.EndsWith("/nvidia/lib/libcublas.so", StringComparison.Ordinal));
        Assert.Single(files, f => f.EndsWith("/nvidia/lib/libshared.so", StringComparison.Ordinal));
        Assert.Equal(
            ["/nvidia/__init__.py"],
            files
                .GroupBy(f => f)
                .Where(g => g.Count() > 1)
                .Select(g => g.Key[(g.Key.IndexOf("site-packages", StringComparison.Ordinal) + 13)..])
        );
    }

    [Fact]
    public async Task A_new_version_of_one_distribution_makes_its_own_layer_anew_and_no_other()
    {
        using var scratch = Scratch();
        Remember(scratch, await MakeAsync(scratch, Stack()));

        var heavy = await MakeAsync(scratch, Stack(torch: "1.1"));
        Assert.Equal(["python torch==1.1"], heavy.Where(l => !l.IsCached).Select(l => l.Layer.History));
        Remember(scratch, heavy);

        var light = await MakeAsync(scratch, Stack(torch: "1.1", sympy: "1.2"));
        Assert.Equal(["python jinja2==1.0 sympy==1.2"], light.Where(l => !l.IsCached).Select(l => l.Layer.History));

        Assert.All(await MakeAsync(scratch, Stack(torch: "1.1")), l => Assert.True(l.IsCached));
    }

    [Fact]
    public async Task The_number_of_cores_and_the_order_of_the_lock_change_nothing()
    {
        using var one = Scratch();
        using var two = Scratch();
        var first = await MakeAsync(one, Stack());
        var second = await MakeAsync(two, [.. Stack().AsEnumerable().Reverse()]);
        Assert.Equal(first.Select(l => l.Layer), second.Select(l => l.Layer));
    }

    [Theory]
    [InlineData(LayerCompression.Zstd)]
    [InlineData(LayerCompression.Gzip)]
    public async Task A_flipped_bit_anywhere_in_a_cached_wheel_is_known_for_damage_or_changes_nothing(LayerCompression compression)
    {
        using var scratch = Scratch();
        var letters = new byte[12000];
        new Random(1).GetItems("abcdefgh"u8, letters);
        // One file that is packed again, and one whose deflate data gzip layers carry over.
        var wheel = new TestWheel("sample", "1.0").Add("sample/__init__.py", "x = 1\n").Add("sample/data.txt", letters);
        var whole = await MakeAsync(scratch, [wheel], compression);
        var content = await File.ReadAllBytesAsync(wheel.WriteTo(Path.Combine(scratch.Path, "wheels")), Cancellation);
        var damaged = 0;
        // Some bytes everywhere; and the last ones of each file, since bits behind the end of deflate data mean nothing and are carried
        // over.
        var ends = Enumerable
            .Range(2, content.Length - 4)
            .Where(i => content.AsSpan(i, 2).SequenceEqual("PK"u8))
            .SelectMany(i => new[] { i - 2, i - 1 });
        foreach (var position in Enumerable.Range(0, content.Length / 53).Select(i => i * 53).Concat(ends))
        {
            try
            {
                Assert.Equal(whole.Select(l => l.Layer), (await MakeAsync(scratch, [wheel], compression, position)).Select(l => l.Layer));
            }
            catch (DamagedPackageException failure)
            {
                Assert.Equal("sample 1.0", failure.Package);
                damaged++;
            }
        }

        Assert.InRange(damaged, 50, content.Length);
    }

    [Fact]
    public async Task So_is_a_wheel_that_was_cut_short_and_one_that_was_made_wrongly_is_told_apart()
    {
        using var scratch = Scratch();
        var wheel = new TestWheel("sample", "1.0").Add("sample/__init__.py", "x = 1\n");
        await Assert.ThrowsAsync<DamagedPackageException>(() => MakeAsync(scratch, [wheel], keep: 100));
        await Assert.ThrowsAsync<DamagedPackageException>(() => MakeAsync(scratch, [wheel], keep: 0));
        var wrong = new TestWheel("sample", "1.1") { Record = text => text.Replace("sha256=", "sha256=A", StringComparison.Ordinal) }.Add(
            "sample/__init__.py",
            "x = 1\n"
        );
        Assert.Equal("TY2501", (await Assert.ThrowsAsync<TorchyardException>(() => MakeAsync(scratch, [wrong]))).Code);
    }

    [Fact]
    public async Task A_heavy_wheel_becomes_a_layer_while_others_are_fetched_and_the_layers_are_the_same()
    {
        using var scratch = Scratch();
        using var whole = Scratch();
        var expected = await MakeAsync(whole, Stack());
        var late = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // torch is there, and everything light; two heavy ones are not.
        var making = MakeAsync(scratch, Stack(), late: (["nvidia_cublas", "nvidia_cudnn"], late.Task));
        var written = Path.Combine(
            scratch.Path,
            "oci/blobs/sha256",
            expected.Single(layer => layer.Layer.History == "python torch==1.0").Layer.Layer.Blob.Hex
        );
        while (!File.Exists(written))
        {
            Assert.False(making.IsCompleted);
            await Task.Delay(20, Cancellation);
        }

        late.SetResult();
        Assert.Equal(expected.Select(layer => layer.Layer), (await making).Select(layer => layer.Layer));
    }

    [Fact]
    public async Task A_layer_that_was_begun_too_early_is_made_again_when_a_late_wheel_changes_it()
    {
        using var scratch = Scratch();
        using var whole = Scratch();
        var expected = await MakeAsync(whole, Stack());
        var late = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // cudnn's copy of libshared.so is left out of its layer once cublas is known.
        var making = MakeAsync(scratch, Stack(), late: (["nvidia_cublas"], late.Task));
        await Task.Delay(300, Cancellation);
        late.SetResult();
        Assert.Equal(expected.Select(layer => layer.Layer), (await making).Select(layer => layer.Layer));
    }

    [Fact]
    public async Task A_wrong_wheel_is_reported_while_others_are_fetched()
    {
        using var scratch = Scratch();
        var wheels = Stack();
        wheels[0].Record = text => text.Replace("libtorch.so,sha256=", "libtorch.so,sha256=A", StringComparison.Ordinal);
        var never = new TaskCompletionSource();

        var failure = await Assert.ThrowsAsync<TorchyardException>(() => MakeAsync(scratch, wheels, late: (["nvidia_cublas"], never.Task)));
        Assert.Contains("libtorch.so", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(scratch.Path, "tmp")));
    }

    [Fact]
    public async Task One_wrong_wheel_among_several_is_what_is_told_and_the_other_layers_end()
    {
        using var scratch = Scratch();
        var wheels = Stack();
        wheels[2].Record = text => text.Replace("libcudnn.so,sha256=", "libcudnn.so,sha256=A", StringComparison.Ordinal);
        var failure = await Assert.ThrowsAsync<TorchyardException>(() => MakeAsync(scratch, wheels));
        Assert.Equal("TY2501", failure.Code);
        Assert.Contains("libcudnn.so", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(scratch.Path, "tmp")));
    }

    [Fact]
    public async Task Of_wheels_that_cannot_be_read_the_first_of_the_lock_is_told()
    {
        using var scratch = Scratch();
        var wheels = Stack();
        foreach (var wheel in wheels[1..3])
        {
            wheel.Record = _ => "this is not a RECORD";
        }

        var failure = await Assert.ThrowsAsync<TorchyardException>(() => MakeAsync(scratch, wheels));
        Assert.Contains("nvidia_cublas", failure.Message, StringComparison.Ordinal);
    }

    private static TemporaryDirectory Scratch()
    {
        Requires.Root("needs root to give files to the environment's user");
        return new TemporaryDirectory();
    }

    private static List<TestWheel> Stack(string torch = "1.0", string sympy = "1.0") =>
        [
            new TestWheel("torch", torch)
                .Add("torch/__init__.py", $"__version__ = '{torch}'\n")
                .Add("torch/lib/libtorch.so", new byte[Heavy]),
            new TestWheel("nvidia-cublas", "1.0")
                .Add("nvidia/__init__.py", "")
                .Add("nvidia/lib/libcublas.so", new byte[Heavy])
                .Add("nvidia/lib/libshared.so", new byte[2 << 20]),
            new TestWheel("nvidia-cudnn", "1.0")
                .Add("nvidia/__init__.py", "")
                .Add("nvidia/lib/libcudnn.so", new byte[Heavy + 1])
                .Add("nvidia/lib/libshared.so", new byte[2 << 20]),
            new TestWheel("sympy", sympy).Add("sympy/__init__.py", $"v = '{sympy}'\n"),
            new TestWheel("jinja2", "1.0").Add("jinja2/__init__.py", ""),
        ];

    private static async Task<IReadOnlyList<MadeLayer>> MakeAsync(
        TemporaryDirectory scratch,
        List<TestWheel> wheels,
        LayerCompression compression = LayerCompression.Gzip,
        int flip = -1,
        int keep = -1,
        (string[] Names, Task Until) late = default
    )
    {
        var paths = new StorePaths(scratch.Path);
        var layout = new OciLayout(paths);
        layout.Initialise();
        var files = new Dictionary<LockedPythonPackage, string>();
        foreach (var wheel in wheels)
        {
            var path = wheel.WriteTo(Path.Combine(scratch.Path, "wheels"));
            var content = await File.ReadAllBytesAsync(path, Cancellation);
            if (flip >= 0)
            {
                var damaged = content.ToArray();
                damaged[flip] ^= (byte)(1 << (flip % 8));
                await File.WriteAllBytesAsync(path, damaged, Cancellation);
            }
            else if (keep >= 0)
            {
                await File.WriteAllBytesAsync(path, content[..keep], Cancellation);
            }

            var parts = wheel.FileName.Split('-');
            files.Add(
                new LockedPythonPackage
                {
                    Name = parts[0].Replace('_', '-'),
                    Version = parts[1],
                    Filename = wheel.FileName,
                    Size = content.Length,
                    Sha256 = Digest.Of(content),
                },
                path
            );
        }

        var locked = new LockedPython
        {
            Interpreter = "3.13",
            Resolver = "test",
            Packages = [.. files.Keys],
        };
        var work = Path.Combine(scratch.Path, $"build-{Guid.NewGuid():N}");
        return await new PythonLayers(
            layout,
            new LayerCache(paths, layout),
            new Packing(new ImageSettings { Compression = compression, Level = 1 }, "test"),
            work
        ).MakeAsync(
            locked,
            [],
            files.ToDictionary(file => file.Key, file => FetchAsync(file.Key.Filename, file.Value)),
            SilentProgress.Instance,
            Cancellation
        );

        async Task<string> FetchAsync(string name, string path)
        {
            if (late.Names is { } names && Array.Exists(names, one => name.StartsWith(one, StringComparison.Ordinal)))
            {
                await (late.Until ?? Task.CompletedTask);
            }

            return path;
        }
    }

    private static void Remember(TemporaryDirectory scratch, IReadOnlyList<MadeLayer> layers)
    {
        var paths = new StorePaths(scratch.Path);
        var cache = new LayerCache(paths, new OciLayout(paths));
        foreach (var layer in layers.Where(l => !l.IsCached))
        {
            cache.Add(layer.Key, layer.Layer.Layer, layer.Root);
        }
    }

    private static List<string> Files(TemporaryDirectory scratch, MadeLayer layer)
    {
        using var tar = new TarReader(
            Decompression.Open(
                File.OpenRead(new OciLayout(new StorePaths(scratch.Path)).BlobPath(layer.Layer.Layer.Blob)),
                CompressionFormat.Gzip
            )
        );
        var files = new List<string>();
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.EntryType == TarEntryType.RegularFile)
            {
                files.Add(entry.Name);
            }
        }

        return files;
    }
}

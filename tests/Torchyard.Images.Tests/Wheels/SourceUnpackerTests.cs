using System.IO.Compression;
using System.Text;
using CsCheck;
using Torchyard.Images.Python;
using Torchyard.Images.Tar;
using Torchyard.Packages.Python.Sources;
using Torchyard.Platform.Errors;

namespace Torchyard.Images.Tests.Wheels;

public sealed class SourceUnpackerTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    private string Target => Path.Combine(_store.Paths.Root, "target");

    public void Dispose() => _store.Dispose();

    [Fact]
    public void A_source_distribution_is_laid_out_below_its_one_directory()
    {
        var unpacker = Unpack(
            Tar(
                (Entry("demo-1.0/", TarKind.Directory), ""),
                (Entry("demo-1.0/pyproject.toml"), "[build-system]\n"),
                (Entry("demo-1.0/bin/run") with { Mode = 0xFED }, "#!/bin/sh\n"),
                (Entry("demo-1.0/copy", TarKind.HardLink) with { LinkTarget = "demo-1.0/bin/run" }, ""),
                (Entry("demo-1.0/sub/link", TarKind.Symlink) with { LinkTarget = "../bin/run" }, "")
            )
        );

        var project = unpacker.Project(strip: true, null);
        Assert.Equal(Path.Combine(Target, "demo-1.0"), project);
        Assert.Equal("[build-system]\n", Encoding.UTF8.GetString(SourceUnpacker.Read(project, "pyproject.toml", 100)!));
        Assert.Null(SourceUnpacker.Read(project, "pyproject.toml", 3));
        Assert.Null(SourceUnpacker.Read(project, "setup.py", 100));
        unpacker.Finish();
        // Set-uid is dropped, the umask does not count, times are the archive's.
        Assert.Equal(0x1ED, (int)File.GetUnixFileMode(Path.Combine(project, "bin/run")));
        Assert.Equal(0x1ED, (int)File.GetUnixFileMode(Path.Combine(project, "copy")));
        Assert.Equal("../bin/run", new FileInfo(Path.Combine(project, "sub/link")).LinkTarget);
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(1_600_000_000), File.GetLastWriteTimeUtc(Path.Combine(project, "bin/run")));
        Assert.Equal(Path.Combine(Target, "demo-1.0/bin"), unpacker.Project(strip: true, "bin"));
        Assert.Equal("TY2523", Assert.Throws<TorchyardException>(() => unpacker.Project(strip: true, "none")).Code);
    }

    [Fact]
    public void A_repository_is_laid_out_as_it_is_and_submodules_where_they_belong()
    {
        var unpacker = Unpack(Tar((Entry("python/setup.py"), "1")), part => part);
        unpacker.Add(Part(Tar((Entry("inner.txt"), "2")), "inner.tar") with { Prefix = "python/lib/" }, CancellationToken.None);
        Assert.Equal(Target, unpacker.Project(strip: false, null));
        Assert.Equal("2", File.ReadAllText(Path.Combine(Target, "python/lib/inner.txt")));
    }

    public static TheoryData<string, string> HostileEntries =>
        new()
        {
            { "../out", "" },
            { "/etc/passwd", "" },
            { "a/../../out", "" },
            { "x/" + new string('n', 300), "" },
            { "link", "/etc/passwd" },
            { "link", "../out" },
            { "a/link", "../../out" },
            { "a/b/link", "../x/../../../out" },
        };

    [Theory]
    [MemberData(nameof(HostileEntries))]
    public void Names_and_links_that_lead_out_are_refused(string name, string link)
    {
        var entry = link.Length == 0 ? Entry(name) : Entry(name, TarKind.Symlink) with { LinkTarget = link };
        Refused(() => Unpack(Tar((entry, link.Length == 0 ? "x" : ""))));
        if (link.Length == 0)
        {
            Refused(() => Unpack(Zip((name, "x")), part => part with { Name = "x.zip" }));
            Refused(() => Unpack(Tar((Entry("hard", TarKind.HardLink) with { LinkTarget = name }, ""))));
        }
    }

    [Fact]
    public void Nothing_is_written_through_a_link()
    {
        Refused(() => Unpack(Tar((Entry("dir", TarKind.Symlink) with { LinkTarget = "other" }, ""), (Entry("dir/file"), "x"))));
        Refused(() => Unpack(Tar((Entry("dir/file"), "x"), (Entry("dir", TarKind.Symlink) with { LinkTarget = "other" }, ""))).Finish());
        Refused(() => Unpack(Tar((Entry("dir/file"), "x"), (Entry("dir"), "x"))));
        // A later file of the same name takes the place of a link, and does not follow it.
        var unpacker = Unpack(
            Tar((Entry("same", TarKind.Symlink) with { LinkTarget = "victim" }, ""), (Entry("victim"), "old"), (Entry("same"), "new"))
        );
        unpacker.Finish();
        Assert.Equal("old", File.ReadAllText(Path.Combine(Target, "victim")));
    }

    [Theory]
    [InlineData((int)TarKind.CharacterDevice)]
    [InlineData((int)TarKind.BlockDevice)]
    [InlineData((int)TarKind.Fifo)]
    public void Devices_and_pipes_are_refused(int kind) => Refused(() => Unpack(Tar((Entry("x", (TarKind)kind), ""))));

    [Fact]
    public void What_is_too_large_or_too_many_is_refused_before_it_is_on_the_disk()
    {
        var limits = new SourceLimits { TotalSize = 10_000, Entries = 5 };
        var bomb = Gzip(Tar((Entry("zeros"), new string('0', 1_000_000))));
        Assert.True(bomb.Length < 5000);
        Refused(() => Unpack(bomb, part => part with { Name = "x.tar.gz" }, limits));
        Assert.False(File.Exists(Path.Combine(Target, "zeros")));
        Refused(() => Unpack(Zip(("zeros", new string('0', 1_000_000))), part => part with { Name = "x.zip" }, limits));
        Refused(() => Unpack(Tar([.. Enumerable.Range(0, 6).Select(i => (Entry($"f{i}"), ""))]), limits: limits));
        // Hard links multiply a file.
        Refused(() =>
            Unpack(Tar((Entry("a"), new string('0', 6000)), (Entry("b", TarKind.HardLink) with { LinkTarget = "a" }, "")), limits: limits)
        );
    }

    [Fact]
    public void Any_damage_is_told_as_damage()
    {
        var archive = Gzip(
            Tar(
                (Entry("d/a"), "content"),
                (Entry("d/b", TarKind.Symlink) with { LinkTarget = "a" }, ""),
                (Entry("d/c"), new string('c', 3000))
            )
        );
        Gen.Select(Gen.Int[0, archive.Length - 1], Gen.Byte, Gen.Bool)
            .Sample(
                (at, value, cut) =>
                {
                    var damaged = cut ? archive[..at] : [.. archive[..at], value, .. archive[(at + 1)..]];
                    try
                    {
                        Unpack(damaged, part => part with { Name = "x.tgz" }).Finish();
                    }
                    catch (TorchyardException refused)
                    {
                        Assert.Equal("TY2523", refused.Code);
                    }
                },
                iter: 300,
                threads: 1
            );
    }

    private static void Refused(Action unpack) => Assert.Equal("TY2523", Assert.Throws<TorchyardException>(unpack).Code);

    private SourceUnpacker Unpack(byte[] archive, Func<SourcePart, SourcePart>? change = null, SourceLimits? limits = null)
    {
        if (Directory.Exists(Target))
        {
            Directory.Delete(Target, recursive: true);
        }

        Directory.CreateDirectory(Target);
        var unpacker = new SourceUnpacker(Target, "demo", limits ?? new SourceLimits());
        unpacker.Add((change ?? (part => part))(Part(archive, "demo.tar")), CancellationToken.None);
        return unpacker;
    }

    private SourcePart Part(byte[] archive, string name)
    {
        var file = Path.Combine(_store.Paths.Root, name);
        File.WriteAllBytes(file, archive);
        return new SourcePart(file, name, "");
    }

    private static TarEntry Entry(string name, TarKind kind = TarKind.File) =>
        new()
        {
            Name = name,
            Kind = kind,
            Mode = 0x1A4,
            ModifiedAt = 1_600_000_000,
        };

    private static byte[] Tar(params (TarEntry Entry, string Content)[] entries)
    {
        using var buffer = new MemoryStream();
        var writer = new TarLayerWriter(buffer);
        foreach (var (entry, content) in entries)
        {
            var bytes = Encoding.UTF8.GetBytes(content);
            writer.Write(entry with { Size = entry.Kind == TarKind.File ? bytes.Length : 0 }, new MemoryStream(bytes));
        }

        writer.Complete();
        return buffer.ToArray();
    }

    private static byte[] Zip(params (string Name, string Content)[] files)
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                using var stream = zip.CreateEntry(name).Open();
                stream.Write(Encoding.UTF8.GetBytes(content));
            }
        }

        return buffer.ToArray();
    }

    private static byte[] Gzip(byte[] content)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(content);
        }

        return buffer.ToArray();
    }
}

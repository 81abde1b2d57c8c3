using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Tar;
using Torchyard.Platform.Compression;

namespace Torchyard.Images.Tests.Deb;

public sealed class PackageUnpackerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(CompressionFormat.None)]
    [InlineData(CompressionFormat.Gzip)]
    [InlineData(CompressionFormat.Zstd)]
    public void Files_links_modes_times_and_dpkg_s_database_appear(CompressionFormat format)
    {
        var (root, package) = Unpack(
            new DebBuilder("tool") { Compression = format, Fields = "Multi-Arch: same\n" }
                .Directory("./usr")
                .Directory("./usr/bin")
                .File("./usr/bin/tool", "#!", 0x9ED)
                .HardLink("./usr/bin/alias", "./usr/bin/tool")
                .Symlink("./usr/bin/link", "tool")
                .File("./etc/tool.conf", "a=b\n")
                .Control("conffiles", "remove-on-upgrade /etc/zero.conf\n/etc/tool.conf\n")
                .Control("postinst", "#!/bin/sh\n", 0x1ED)
        );

        Assert.Equal((UnixFileMode)0x9ED, File.GetUnixFileMode(Path.Combine(root, "usr/bin/tool")));
        Assert.Equal(1_700_000_000, new DateTimeOffset(File.GetLastWriteTimeUtc(Path.Combine(root, "usr/bin/tool"))).ToUnixTimeSeconds());
        Assert.Equal("#!", File.ReadAllText(Path.Combine(root, "usr/bin/alias")));
        Assert.Equal("tool", new FileInfo(Path.Combine(root, "usr/bin/link")).LinkTarget);
        var info = Path.Combine(root, "var/lib/dpkg/info");
        Assert.Equal(
            "/.\n/usr\n/usr/bin\n/usr/bin/tool\n/usr/bin/alias\n/etc/tool.conf\n/usr/bin/link\n",
            File.ReadAllText(Path.Combine(info, "tool:amd64.list"))
        );
        Assert.Equal("#!/bin/sh\n", File.ReadAllText(Path.Combine(info, "tool:amd64.postinst")));
        Assert.False(File.Exists(Path.Combine(info, "tool:amd64.control")));
        // Taken for a package without md5sums, as dpkg does: of "#!" and of a=b.
        Assert.Equal(
            "ad540a4cc5c410795131d4d8db7a6d91  usr/bin/tool\nad540a4cc5c410795131d4d8db7a6d91  "
                + "usr/bin/alias\n6aea67367311873a8a1383e4373a0e3c  etc/tool.conf\n",
            File.ReadAllText(Path.Combine(info, "tool:amd64.md5sums"))
        );
        Assert.Equal(["/etc/tool.conf"], package.ConffileHashes.Keys);
        // As dpkg --unpack writes it; a=b has this MD5.
        Assert.Contains(
            "Conffiles:\n /etc/zero.conf newconffile remove-on-upgrade\n /etc/tool.conf 6aea67367311873a8a1383e4373a0e3c\n",
            DpkgDatabase.UnpackedStatus([package]),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Entries_of_old_packages_below_lib_go_below_usr()
    {
        var (root, package) = Unpack(new DebBuilder("old").Directory("./lib").File("./lib/old.so", "x").File("./bin/old", "x"));

        Assert.True(File.Exists(Path.Combine(root, "usr/lib/old.so")));
        Assert.True(File.Exists(Path.Combine(root, "usr/bin/old")));
        Assert.False(Path.Exists(Path.Combine(root, "lib")));
        Assert.Contains("lib/old.so", package.ListedPaths);
    }

    [Fact]
    public void The_first_name_of_a_hard_linked_file_carries_the_content()
    {
        var (_, package) = Unpack(
            new DebBuilder("links").File("./usr/z", "content").HardLink("./usr/a", "./usr/z").HardLink("./usr/m", "./usr/a")
        );

        var entries = LayerTree
            .Merge(package.Entries)
            .Where(entry => entry.Entry.Name.StartsWith("usr/", StringComparison.Ordinal))
            .ToList();

        Assert.Equal(["usr/a", "usr/m", "usr/z"], entries.Select(entry => entry.Entry.Name));
        Assert.Equal([TarKind.File, TarKind.HardLink, TarKind.HardLink], entries.Select(entry => entry.Entry.Kind));
        Assert.Equal("usr/z", entries[0].ContentPath);
        Assert.All(entries.Skip(1), entry => Assert.Equal("usr/a", entry.Entry.LinkTarget));
    }

    [Fact]
    public async Task Real_packages_list_the_same_entries_as_dpkg_deb()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/dpkg-deb"), "needs dpkg-deb");
        using var packages = Building.RealPackages.Open();
        var locked = await packages.LockAsync([], TestContext.Current.CancellationToken);
        // From the smallest to the largest, every fourth.
        var some = locked.Packages.OrderBy(package => package.Size).Where((_, number) => number % 4 == 0).ToList();
        foreach (var file in await packages.FilesAsync(locked, some, TestContext.Current.CancellationToken))
        {
            using var process = System.Diagnostics.Process.Start(
                new System.Diagnostics.ProcessStartInfo("sh", ["-c", "dpkg-deb --fsys-tarfile \"$1\" | tar -t", "sh", file])
                {
                    RedirectStandardOutput = true,
                }
            )!;
            var expected = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var names = new List<string>();
            using var archive = DebArchive.Open(file, file);
            archive.ReadData(long.MaxValue, (entry, _) => names.Add(entry.Name));

            Assert.Equal(expected, names);
        }
    }

    private (string Root, UnpackedPackage Package) Unpack(DebBuilder deb)
    {
        Requires.Root("needs root for owners");
        var (path, package) = deb.Save(_directory.Path);
        var directory = Directory.CreateDirectory(Path.Combine(_directory.Path, "root")).FullName;
        using var root = RootDirectory.Open(directory);
        var unpacked = PackageUnpacker.Unpack(path, package, root, directory + ".aside", TestContext.Current.CancellationToken);
        Assert.Empty(unpacked.Aside);
        return (directory, unpacked);
    }
}

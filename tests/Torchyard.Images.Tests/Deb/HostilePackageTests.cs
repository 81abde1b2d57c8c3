using CsCheck;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Files;
using Torchyard.Images.Tar;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Tests.Deb;

/// <summary>Each test is named after what the package tries to do.</summary>
public sealed class HostilePackageTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("../outside")]
    [InlineData("./../outside")]
    [InlineData("usr/../../outside")]
    [InlineData("/outside")]
    [InlineData("usr/..")]
    public void Writing_outside_by_its_name(string path) => Refused("TY3002", new DebBuilder("evil").File(path, "gotcha"));

    [Fact]
    public void Writing_outside_through_a_link_to_an_absolute_directory()
    {
        var outside = Directory.CreateDirectory(Path.Combine(_directory.Path, "outside")).FullName;
        Refused("TY3002", new DebBuilder("evil").Symlink("./usr", outside).File("./usr/file", "gotcha"));
        Assert.Empty(Directory.GetFileSystemEntries(outside));
    }

    [Fact]
    public void Writing_outside_through_a_link_upwards() =>
        Refused("TY3002", new DebBuilder("evil").Symlink("./up", "../..").File("./up/file", "gotcha"));

    [Fact]
    public void Writing_through_a_link_in_place_of_the_file()
    {
        var target = Path.Combine(_directory.Path, "target");
        File.WriteAllText(target, "untouched");
        // dpkg unpacks links last, so the link counts.
        var unpacked = Unpack(new DebBuilder("evil").Symlink("./file", target).File("./file", "gotcha"));
        Assert.Equal(TarKind.Symlink, Assert.Single(unpacked.Archive, archived => archived.Listed == "file").Entry.Kind);
        Assert.Equal("untouched", File.ReadAllText(target));
    }

    [Fact]
    public void Hard_linking_a_file_outside() => Refused("TY3002", new DebBuilder("evil").HardLink("./shadow", "../../../etc/shadow"));

    [Fact]
    public void Hard_linking_through_a_link_outside() =>
        Refused("TY3002", new DebBuilder("evil").Symlink("./etc", "/etc").HardLink("./mine", "./etc/passwd"));

    [Fact]
    public void Hard_linking_what_is_not_there() => Refused("TY3002", new DebBuilder("evil").HardLink("./mine", "./nothing"));

    [Fact]
    public void Control_files_with_a_path() => Refused("TY3002", new DebBuilder("evil").Control("../../../etc/cron.d/evil", "gotcha"));

    [Fact]
    public void Taking_the_place_of_dpkg_s_database() =>
        Refused("TY3002", new DebBuilder("evil").File("./var/lib/dpkg/info/evil.list", "gotcha"));

    [Fact]
    public void Filling_the_disk_from_a_small_archive()
    {
        var bomb = new DebBuilder("evil").Entry(
            new TarEntry
            {
                Name = "./zeros",
                Kind = TarKind.File,
                Mode = 0x1A4,
            },
            new string('\0', 40 << 20)
        );
        var (path, package) = bomb.Save(_directory.Path);
        using var archive = DebArchive.Open(path, "evil.deb");
        var error = Assert.Throws<TorchyardException>(() => archive.ReadData(1 << 20, (_, reader) => reader.Read(new byte[4096])));
        Assert.Equal("TY3003", error.Code);
        Assert.True(package.Size < 1 << 20);
    }

    [Fact]
    public void Being_another_package_than_the_lock_names()
    {
        var (path, package) = new DebBuilder("evil").Save(_directory.Path);
        Code("TY3001", () => UnpackFile(path, package with { Version = "2.0" }));
    }

    [Theory]
    [InlineData(CompressionFormat.None)]
    [InlineData(CompressionFormat.Gzip)]
    [InlineData(CompressionFormat.Zstd)]
    public void Every_truncation_is_noticed(CompressionFormat format)
    {
        var whole = new DebBuilder("short") { Compression = format }
            .File("./file", "some content that is long enough")
            .Build();
        for (var length = 0; length < whole.Length - 1024; length += 61)
        {
            var path = Path.Combine(_directory.Path, "short.deb");
            File.WriteAllBytes(path, whole[..length]);
            // With the hash of the short file: the reader itself has to notice.
            Code("TY3001", () => UnpackFile(path, DebBuilder.Locked("short", whole[..length])));
        }
    }

    [Fact]
    public void Random_damage_gives_a_known_error_or_a_package()
    {
        var whole = new DebBuilder("noise") { Compression = CompressionFormat.None }
            .Directory("./usr")
            .File("./usr/file", "content")
            .Symlink("./usr/link", "file")
            .HardLink("./usr/second", "./usr/file")
            .Control("md5sums", "")
            .Build();
        var number = 0;
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte)
            .Array[1, 4]
            .Sample(
                changes =>
                {
                    var damaged = (byte[])whole.Clone();
                    foreach (var (place, value) in changes)
                    {
                        damaged[place] = value;
                    }

                    var path = Path.Combine(_directory.Path, $"noise{Interlocked.Increment(ref number)}.deb");
                    File.WriteAllBytes(path, damaged);
                    try
                    {
                        UnpackFile(path, DebBuilder.Locked("noise", damaged));
                    }
                    catch (TorchyardException) { }

                    File.Delete(path);
                    return true;
                },
                iter: 400
            );
    }

    private void Refused(string code, DebBuilder deb)
    {
        var (path, package) = deb.Save(_directory.Path);
        Code(code, () => UnpackFile(path, package));
    }

    private static void Code(string code, Action action) => Assert.Equal(code, Assert.Throws<TorchyardException>(action).Code);

    private UnpackedPackage Unpack(DebBuilder deb)
    {
        var (path, package) = deb.Save(_directory.Path);
        return UnpackFile(path, package);
    }

    private UnpackedPackage UnpackFile(string path, LockedDebianPackage package)
    {
        Requires.Root("needs root for owners");
        var directory = Path.Combine(_directory.Path, Guid.NewGuid().ToString("N"), "root");
        Directory.CreateDirectory(directory);
        using var root = RootDirectory.Open(directory);
        return PackageUnpacker.Unpack(path, package, root, directory + ".aside", TestContext.Current.CancellationToken);
    }
}

using System.Text;
using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Tests.Deb;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Tests.Configure;

/// <summary>Secrets that scripts made are found by what they are, whichever package made them.</summary>
public sealed class PrivateKeysTests : IDisposable
{
    private const string Pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("etc/unknown/server.pem", "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n" + Pem, 0x1A4)]
    [InlineData("etc/unknown/host", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n", 0x1A4)]
    [InlineData("var/lib/unknown/secring.asc", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ\n", 0x1A4)]
    [InlineData("etc/unknown/Kexample.+013+1.private", "Private-key-format: v1.3\n", 0x1A4)]
    [InlineData("etc/unknown/session.key", "\u0001\u0002", 0x180)]
    [InlineData("etc/unknown/session.key", "\u0001\u0002", 0x1A0)]
    [InlineData("var/lib/unknown/private/state", "x", 0x180)]
    [InlineData("var/lib/unknown/.erlang.cookie", "ABC", 0x100)]
    public void A_secret_is_found(string path, string content, int mode) => Assert.Equal([path], Found(path, content, mode));

    [Theory]
    [InlineData("usr/share/doc/x/README", "The line -----BEGIN RSA PRIVATE KEY----- starts a PRIVATE KEY", 0x1A4)]
    [InlineData("etc/x/public.key", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n", 0x1A4)]
    [InlineData("etc/x/cert.pem", "-----BEGIN CERTIFICATE-----\nMIIC\n", 0x180)]
    [InlineData("etc/x/empty.key", "", 0x180)]
    [InlineData("etc/shadow", "root:*:1::::::\n", 0x1A0)]
    public void Other_files_are_not(string path, string content, int mode) => Assert.Empty(Found(path, content, mode));

    [Fact]
    public void The_package_is_the_one_whose_scripts_name_the_file_or_its_directory()
    {
        Requires.Root("needs root for owners");
        var one = Unpacked(new DebBuilder("one").Control("postinst", "#!/bin/sh\nmkdir -p /etc/other\n", 0x1ED));
        var two = Unpacked(new DebBuilder("two").Control("postinst", "#!/bin/sh\ncd /etc/two && genkey\n", 0x1ED));

        Assert.Equal("two", PrivateKeys.Maker("etc/two/server.key", [one, two]));
        Assert.Equal("one", PrivateKeys.Maker("etc/other/deep/server.key", [one, two]));
        Assert.Null(PrivateKeys.Maker("srv/three.key", [one, two]));
    }

    private IReadOnlyList<string> Found(string path, string content, int mode)
    {
        var file = Path.Combine(_directory.Path, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, Encoding.UTF8.GetBytes(content));
        File.SetUnixFileMode(file, (UnixFileMode)mode);
        using var root = ConfinedDirectory.Open(_directory.Path);
        return PrivateKeys.Find(root);
    }

    private Torchyard.Images.Debian.Packages.UnpackedPackage Unpacked(DebBuilder deb)
    {
        var (path, package) = deb.Save(_directory.Path);
        var layer = Directory.CreateDirectory(Path.Combine(_directory.Path, "layer-" + deb.Name)).FullName;
        using var root = Images.Files.RootDirectory.Open(layer);
        return Torchyard.Images.Debian.Packages.PackageUnpacker.Unpack(
            path,
            package,
            root,
            layer + ".aside",
            TestContext.Current.CancellationToken
        );
    }
}

using System.Net.Sockets;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Platform.Tests.Files;

public sealed class RegularFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Place => Path.Combine(_directory.Path, "file");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("fifo")]
    [InlineData("directory")]
    [InlineData("socket")]
    [InlineData("link to a device")]
    public void What_is_no_file_is_refused_and_never_waited_for(string kind)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        switch (kind)
        {
            case "fifo":
                Fifo.Make(Place);
                break;
            case "directory":
                Directory.CreateDirectory(Place);
                break;
            case "socket":
                socket.Bind(new UnixDomainSocketEndPoint(Place));
                break;
            default:
                File.CreateSymbolicLink(Place, "/dev/zero");
                break;
        }

        Assert.Equal("TY9023", Assert.Throws<TorchyardException>(() => RegularFile.TryRead(Place, 100)).Code);
        Assert.Null(RegularFile.Length(Place));
    }

    [Fact]
    public void A_file_is_read_whole_and_one_that_is_too_large_is_not_read()
    {
        Assert.Null(RegularFile.TryRead(Place, 100));
        File.WriteAllText(Place, "twelve bytes");
        Assert.Equal("twelve bytes", RegularFile.TryReadText(Place, 12));
        Assert.Equal(12, RegularFile.Length(Place));
        Assert.Equal("TY9024", Assert.Throws<TorchyardException>(() => RegularFile.TryRead(Place, 11)).Code);
    }

    [Fact]
    public void A_link_is_followed_only_where_that_is_asked_for()
    {
        var target = Path.Combine(_directory.Path, "target");
        File.WriteAllText(target, "secret");
        File.CreateSymbolicLink(Place, target);
        Assert.Equal("secret", RegularFile.TryReadText(Place, 100));
        Assert.Equal("TY9023", Assert.Throws<TorchyardException>(() => RegularFile.TryOpen(Place, followLinks: false)).Code);
    }
}

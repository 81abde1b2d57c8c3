using System.Globalization;
using System.Net.Sockets;

namespace Torchyard.Containers.Sessions;

/// <summary>
/// Sockets in a container's directory. A socket address holds 107 bytes of path, a store may lie deeper,
/// so the path goes through an open descriptor of the directory.
/// </summary>
internal static class LocalSocket
{
    /// <summary>Listens; only the owner of the directory may connect, by the mode of the socket file.</summary>
    public static Socket Listen(string path)
    {
        File.Delete(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var directory = DirectoryHandle.Open(Path.GetDirectoryName(path)!);
        socket.Bind(new UnixDomainSocketEndPoint(directory.PathOf(Path.GetFileName(path))));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        socket.Listen(16);
        return socket;
    }

    /// <summary>Connects.</summary>
    public static async Task<Socket> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            using var directory = DirectoryHandle.Open(Path.GetDirectoryName(path)!);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(directory.PathOf(Path.GetFileName(path))), cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class DirectoryHandle : IDisposable
    {
        private readonly int _descriptor;

        private DirectoryHandle(int descriptor) => _descriptor = descriptor;

        public static DirectoryHandle Open(string path)
        {
            const int PathOnly = 0x200000;
            const int CloseOnExec = 0x80000;
            var descriptor = Native.Libc.Open(path, PathOnly | CloseOnExec);
            return descriptor >= 0
                ? new DirectoryHandle(descriptor)
                : throw new DirectoryNotFoundException($"{path}: {Native.Errno.Text(Native.Errno.Last)}");
        }

        public string PathOf(string name) => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{_descriptor}/{name}");

        public void Dispose() => _ = Native.Libc.Close(_descriptor);
    }
}

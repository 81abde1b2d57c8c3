using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Sockets;

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
        using var directory = Open(Path.GetDirectoryName(path)!);
        socket.Bind(new UnixDomainSocketEndPoint($"{OpenCalls.PathOf(directory)}/{Path.GetFileName(path)}"));
        File.SetUnixFileMode(path, (UnixFileMode)FileModes.Private);
        socket.Listen(16);
        return socket;
    }

    /// <summary>Connects.</summary>
    public static async Task<Socket> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            using var directory = Open(Path.GetDirectoryName(path)!);
            await socket.ConnectAsync(
                new UnixDomainSocketEndPoint($"{OpenCalls.PathOf(directory)}/{Path.GetFileName(path)}"),
                cancellation
            );
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static SafeFileHandle Open(string directory)
    {
        var opened = OpenCalls.Open(directory, OpenFlags.PathOnly | OpenFlags.CloseOnExec);
        return opened.IsInvalid ? throw new DirectoryNotFoundException($"{directory}: {Errno.Text(Errno.Last)}") : opened;
    }
}

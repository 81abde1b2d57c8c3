using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Torchyard.Containers.Sockets;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Terminals;

/// <summary>The socket on which a runtime hands over the master side of a container's terminal (runc, docs/terminals.md).</summary>
internal sealed class ConsoleSocket : IDisposable
{
    private readonly Socket _listener;

    private ConsoleSocket(string directory, Socket listener)
    {
        _listener = listener;
        Directory = directory;
    }

    /// <summary>Path for <c>--console-socket</c>; short, because the runtime takes it as it is.</summary>
    public string Path => System.IO.Path.Combine(Directory, "s");

    private string Directory { get; }

    /// <summary>Listens in a private directory of its own.</summary>
    public static ConsoleSocket Create()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("ty-").FullName;
        // Rootless, the runtime's root may be another id of the caller's, which owns the directory.
        return new ConsoleSocket(directory, LocalSocket.Listen(System.IO.Path.Combine(directory, "s")));
    }

    /// <summary>Waits for the terminal; the runtime sends its name and the descriptor in one message.</summary>
    public async Task<SafeFileHandle> AcceptAsync(CancellationToken cancellation)
    {
        using var connection = await _listener.AcceptAsync(cancellation);
        connection.Blocking = true;
        var name = new byte[4096];
        return await Task.Run(
            () =>
            {
                var (_, descriptor) = SocketRights.Receive(connection, name);
                return descriptor >= 0
                    ? new SafeFileHandle(descriptor, ownsHandle: true)
                    : throw new IOException("the runtime sent no terminal");
            },
            cancellation
        );
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _listener.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}

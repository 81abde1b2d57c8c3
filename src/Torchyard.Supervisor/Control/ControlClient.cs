using System.Text;
using Torchyard.Supervisor.Events;
using Torchyard.Supervisor.Native;

namespace Torchyard.Supervisor.Control;

/// <summary>Asks a running supervisor: what <c>supervisor --status</c> and health checks of engines use.</summary>
internal static class ControlClient
{
    /// <summary>Sends one request and gives the first reply line.</summary>
    /// <param name="path">The socket.</param>
    /// <param name="request">The line to send.</param>
    /// <param name="print">Prints every reply line, those of a log until its end.</param>
    /// <returns>The first line; null when nothing answers.</returns>
    public static unsafe string? Ask(string path, string request, bool print)
    {
        var socket = Libc.Socket(Libc.FamilyUnix, Libc.SocketStream | Libc.SocketCloseOnExec, 0);
        try
        {
            if (socket < 0 || SocketAddress.Unix(path) is not { } address)
            {
                return null;
            }

            fixed (byte* bytes = address.Bytes)
            {
                if (Libc.Connect(socket, bytes, (uint)address.Bytes.Length) != 0)
                {
                    return null;
                }
            }

            if (!PosixFile.WriteAll(socket, Encoding.UTF8.GetBytes(request + "\n")))
            {
                return null;
            }

            return Receive(socket, print, request.Contains("\"logs\"", StringComparison.Ordinal));
        }
        finally
        {
            Libc.Close(socket);
        }
    }

    private static unsafe string? Receive(int socket, bool print, bool isLog)
    {
        var received = new MemoryStream();
        var buffer = stackalloc byte[4096];
        string? first = null;
        while (true)
        {
            var got = Libc.Read(socket, buffer, 4096);
            if (got <= 0)
            {
                return first;
            }

            received.Write(new ReadOnlySpan<byte>(buffer, (int)got));
            var text = received.GetBuffer().AsSpan(0, (int)received.Length);
            int end;
            var used = 0;
            while ((end = text[used..].IndexOf((byte)'\n')) >= 0)
            {
                var line = text.Slice(used, end);
                first ??= Encoding.UTF8.GetString(line);
                used += end + 1;
                if (print)
                {
                    Journal.Print(text.Slice(used - end - 1, end + 1));
                }

                if (!isLog || line.SequenceEqual("{\"end\":true}"u8) || line.StartsWith("{\"ok\":false"u8))
                {
                    return first;
                }
            }

            text[used..].CopyTo(text);
            received.SetLength(received.Length - used);
            received.Position = received.Length;
        }
    }
}

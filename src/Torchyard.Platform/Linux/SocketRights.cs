using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Torchyard.Platform.Linux;

/// <summary>Descriptors over a Unix socket (unix(7), SCM_RIGHTS).</summary>
internal static unsafe partial class SocketRights
{
    private const int SocketLevel = 1;
    private const int Rights = 1;

    /// <summary>MSG_NOSIGNAL.</summary>
    private const int NoSignal = 0x4000;

    /// <summary>MSG_CMSG_CLOEXEC.</summary>
    private const int CloseOnExec = 0x40000000;

    /// <summary>Header of a control message (16 bytes) and one descriptor, aligned to 8.</summary>
    private const int ControlLength = 24;

    /// <summary>Waits for one message.</summary>
    /// <param name="socket">A connected Unix socket.</param>
    /// <param name="data">Gets the bytes that came with it.</param>
    /// <returns>Count of bytes and the descriptor; -1 without one. A count of 0 is the end.</returns>
    public static (int Count, int Descriptor) Receive(Socket socket, Span<byte> data)
    {
        var control = stackalloc byte[ControlLength];
        new Span<byte>(control, ControlLength).Clear();
        fixed (byte* bytes = data)
        {
            var vector = new IoVector { Base = bytes, Length = (nuint)data.Length };
            var header = new MessageHeader
            {
                Vector = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = ControlLength,
            };
            int count;
            while ((count = (int)ReceiveMessage((int)socket.Handle, &header, CloseOnExec)) < 0)
            {
                WaitOrThrow(socket, SelectMode.SelectRead, "recvmsg");
            }

            var hasDescriptor = header.ControlLength >= 20 && *(int*)(control + 8) == SocketLevel && *(int*)(control + 12) == Rights;
            return (count, hasDescriptor ? *(int*)(control + 16) : -1);
        }
    }

    /// <summary>Sends bytes with a descriptor, or without one for -1.</summary>
    public static void Send(Socket socket, ReadOnlySpan<byte> data, int descriptor)
    {
        var control = stackalloc byte[ControlLength];
        *(nuint*)control = 20;
        *(int*)(control + 8) = SocketLevel;
        *(int*)(control + 12) = Rights;
        *(int*)(control + 16) = descriptor;
        fixed (byte* bytes = data)
        {
            var vector = new IoVector { Base = bytes, Length = (nuint)data.Length };
            var header = new MessageHeader
            {
                Vector = &vector,
                VectorCount = 1,
                Control = descriptor < 0 ? null : control,
                ControlLength = descriptor < 0 ? 0 : (nuint)ControlLength,
            };
            while (SendMessage((int)socket.Handle, &header, NoSignal) < 0)
            {
                WaitOrThrow(socket, SelectMode.SelectWrite, "sendmsg");
            }
        }
    }

    // .NET makes a descriptor non-blocking at the first asynchronous call and leaves it so: Socket.Blocking is only its own emulation.
    private static void WaitOrThrow(Socket socket, SelectMode mode, string call)
    {
        switch (Errno.Last)
        {
            case Errno.Interrupted:
                return;
            case Errno.TryAgain:
                socket.Poll(Timeout.Infinite, mode);
                return;
            case var error:
                throw new IOException($"{call}: {Errno.Text(error)}");
        }
    }

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static partial nint ReceiveMessage(int socket, MessageHeader* header, int flags);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(int socket, MessageHeader* header, int flags);

    /// <summary>struct iovec.</summary>
    private struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary>struct msghdr of a 64-bit machine.</summary>
    private struct MessageHeader
    {
        public void* Name;
        public nuint NameLength;
        public IoVector* Vector;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }
}

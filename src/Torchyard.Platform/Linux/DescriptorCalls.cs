using System.Runtime.InteropServices;

namespace Torchyard.Platform.Linux;

/// <summary>Reads, writes and waits for descriptors, which may be shared with other programs.</summary>
internal static unsafe partial class DescriptorCalls
{
    /// <summary>POLLIN.</summary>
    public const short PollIn = 1;

    /// <summary>POLLOUT.</summary>
    public const short PollOut = 4;

    private const nuint BytesReady = 0x541B; // FIONREAD
    private const int FromHere = 1; // SEEK_CUR

    /// <summary>read(2), begun again after a signal; -1 and errno on failure.</summary>
    public static nint Read(int descriptor, Span<byte> buffer)
    {
        nint count;
        do
        {
            count = ReadOnce(descriptor, buffer, (nuint)buffer.Length);
        } while (count < 0 && Errno.Last == Errno.Interrupted);
        return count;
    }

    /// <summary>write(2), begun again after a signal; -1 and errno on failure.</summary>
    public static nint Write(int descriptor, ReadOnlySpan<byte> buffer)
    {
        nint count;
        do
        {
            count = WriteOnce(descriptor, buffer, (nuint)buffer.Length);
        } while (count < 0 && Errno.Last == Errno.Interrupted);
        return count;
    }

    /// <summary>Waits for one or two descriptors.</summary>
    /// <param name="first">What is waited for.</param>
    /// <param name="second">What ends the wait, or -1 for nothing.</param>
    /// <param name="events">What of the first is waited for; the second is waited for until it can be read.</param>
    /// <param name="milliseconds">How long, -1 for ever.</param>
    /// <returns>Whether the first and the second are ready; neither when the time is over.</returns>
    public static (bool First, bool Second) Wait(int first, int second, short events, int milliseconds = -1)
    {
        var entries = stackalloc PollEntry[2];
        entries[0] = new PollEntry { Descriptor = first, Events = events };
        entries[1] = new PollEntry { Descriptor = second, Events = PollIn };
        while (Poll(entries, 2, milliseconds) < 0)
        {
            if (Errno.Last != Errno.Interrupted)
            {
                throw new IOException($"poll: {Errno.Text(Errno.Last)}");
            }
        }

        // An error or a hang-up of the descriptor is ready, too: the read or write says what it is.
        return (entries[0].Returned != 0, entries[1].Returned != 0);
    }

    /// <summary>Bytes that can be read at once; 0 where the kernel does not say.</summary>
    public static int Ready(int descriptor)
    {
        int count;
        return ControlCalls.Device(descriptor, BytesReady, &count) == 0 ? count : 0;
    }

    /// <summary>Moves the offset back that this descriptor shares with others; false for what has no offset.</summary>
    public static bool StepBack(int descriptor, long count) => Seek(descriptor, -count, FromHere) >= 0;

    /// <summary>True for what has an offset: a regular file or a disk.</summary>
    public static bool HasOffset(int descriptor) => Seek(descriptor, 0, FromHere) >= 0;

    /// <summary>Opens the reading end of a pipe whose writing end this process has.</summary>
    public static int OpenOtherEnd(int descriptor) =>
        OpenCalls.OpenDescriptor(OpenCalls.PathOf(descriptor), OpenFlags.NonBlocking | OpenFlags.CloseOnExec);

    /// <summary>eventfd(2), with EFD_CLOEXEC.</summary>
    public static int NewEvent() => NewEvent(0, OpenFlags.CloseOnExec);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int NewEvent(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadOnce(int descriptor, Span<byte> buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteOnce(int descriptor, ReadOnlySpan<byte> buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollEntry* entries, nuint count, int timeout);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(int descriptor, long offset, int from);

    /// <summary>struct pollfd of poll(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}

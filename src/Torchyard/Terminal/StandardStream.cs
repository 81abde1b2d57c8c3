using System.Runtime.InteropServices;
using Torchyard.Platform.Streams;

namespace Torchyard.Terminal;

/// <summary>
/// Standard output or error by write(2) alone. The console of the base library would switch the terminal to application mode with its first
/// write (terminfo's <c>smkx</c>) and leave it so, and a FileStream would write at an offset of its own where programs share a file.
/// </summary>
/// <param name="descriptor">1 or 2.</param>
internal sealed class StandardStream(int descriptor) : ForwardWriteStream
{
    private const int Interrupted = 4, TryAgain = 11, BrokenPipe = 32;
    private const short Writable = 4;

    /// <exception cref="IOException">The place of the stream is full or broken. A reader that went away is no failure: nobody misses the rest.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var written = NativeMethods.Write(descriptor, buffer, (nuint)buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case TryAgain:
                    // Somebody else made the shared descriptor non-blocking.
                    var wait = new PollEntry { Descriptor = descriptor, Events = Writable };
                    _ = NativeMethods.Poll(ref wait, 1, -1);
                    break;
                case BrokenPipe:
                    return;
                case var error:
                    throw new IOException($"cannot write to standard {(descriptor == 1 ? "output" : "error")}: {Marshal.GetPInvokeErrorMessage(error)}");
            }
        }
    }
}

/// <summary>struct pollfd of poll(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    public int Descriptor;
    public short Events;
    public short Returned;
}

using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Streams.Descriptors;

/// <summary>
/// Writes to a descriptor by write(2) alone, where its offset is: what the caller gave to this program, the caller and other programs write
/// to as well. A FileStream would write at an offset of its own, over what others wrote; the console of the base library would also switch
/// the terminal to application mode with its first write (terminfo's <c>smkx</c>) and leave it so. The descriptor stays open.
/// </summary>
/// <param name="descriptor">The descriptor.</param>
public sealed class DescriptorOutputStream(int descriptor) : ForwardWriteStream
{
    /// <summary>Writes all bytes.</summary>
    /// <returns>False when nobody is left who would read them: the reader of the pipe or the terminal went away.</returns>
    /// <exception cref="IOException">They cannot be written for another reason, such as a full disk.</exception>
    public bool TryWrite(ReadOnlySpan<byte> buffer) => TryWrite(descriptor, buffer);

    /// <summary>Writes all bytes to a descriptor; see <see cref="TryWrite(ReadOnlySpan{byte})"/>.</summary>
    public static bool TryWrite(int descriptor, ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var written = DescriptorCalls.Write(descriptor, buffer);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            switch (Errno.Last)
            {
                case Errno.TryAgain:
                    // Somebody else made the shared descriptor non-blocking.
                    DescriptorCalls.Wait(descriptor, -1, DescriptorCalls.PollOut);
                    break;
                case Errno.BrokenPipe:
                case Errno.IoError when StandardDescriptor.IsTerminal(descriptor) || Errno.Last == Errno.IoError:
                    // A terminal that was hung up is none any more for isatty(3): it says EIO, too.
                    return false;
                case var error:
                    throw new IOException($"cannot write to {Name(descriptor)}: {Errno.Text(error)}", error);
            }
        }

        return true;
    }

    /// <summary>Writes all bytes. A reader that went away is not a failure: nobody misses the rest.</summary>
    /// <exception cref="IOException">The place of the stream is full or broken.</exception>
    public override void Write(ReadOnlySpan<byte> buffer) => TryWrite(buffer);

    private static string Name(int descriptor) =>
        descriptor switch
        {
            StandardDescriptor.Output => "standard output",
            StandardDescriptor.Error => "standard error",
            _ => $"descriptor {descriptor}",
        };
}

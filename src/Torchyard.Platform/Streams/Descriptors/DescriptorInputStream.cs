using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Streams.Descriptors;

/// <summary>
/// Reads a descriptor by read(2) alone, where its offset is: a script reads on in a file where this program stopped. A FileStream would
/// read at an offset of its own and leave the shared one behind. The descriptor stays open.
/// </summary>
/// <param name="descriptor">The descriptor.</param>
public sealed class DescriptorInputStream(int descriptor) : ForwardReadStream
{
    /// <summary>Waits until something can be read.</summary>
    /// <param name="end">Ends the wait.</param>
    /// <returns>False when the wait was ended.</returns>
    public bool Wait(EndEvent end)
    {
        ArgumentNullException.ThrowIfNull(end);
        return !DescriptorCalls.Wait(descriptor, end.Descriptor, DescriptorCalls.PollIn).Second;
    }

    /// <summary>Waits until something can be read, or some time.</summary>
    /// <returns>False when the time is over.</returns>
    public bool Wait(TimeSpan time) => DescriptorCalls.Wait(descriptor, -1, DescriptorCalls.PollIn, (int)time.TotalMilliseconds).First;

    /// <summary>Bytes that can be read without waiting.</summary>
    public int Ready => DescriptorCalls.Ready(descriptor);

    /// <summary>Reads what is there, and waits when there is nothing.</summary>
    /// <returns>0 at the end, which also is a terminal that was hung up.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            var count = DescriptorCalls.Read(descriptor, buffer);
            if (count >= 0)
            {
                return (int)count;
            }

            switch (Errno.Last)
            {
                case Errno.TryAgain:
                    // Somebody else made the shared descriptor non-blocking.
                    DescriptorCalls.Wait(descriptor, -1, DescriptorCalls.PollIn);
                    break;
                case Errno.IoError:
                    return 0;
                case var error:
                    throw new IOException(
                        $"cannot read {(descriptor == StandardDescriptor.Input ? "standard input" : $"descriptor {descriptor}")}: "
                            + $"{Errno.Text(error)}",
                        error
                    );
            }
        }
    }

    /// <summary>Gives the last bytes back that were read, for whoever reads the file next.</summary>
    /// <returns>False for a pipe or a terminal, which take nothing back.</returns>
    public bool GiveBack(long count) => count > 0 && DescriptorCalls.StepBack(descriptor, count);

    /// <summary>True for a file, whose bytes can be given back.</summary>
    public bool HasOffset => DescriptorCalls.HasOffset(descriptor);
}

using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Streams.Descriptors;

/// <summary>Says to threads that wait for descriptors that it is over (eventfd(2)); once, for all of them.</summary>
public sealed class EndEvent : IDisposable
{
    private int _disposed;

    /// <summary>Makes one.</summary>
    public EndEvent()
    {
        Descriptor = DescriptorCalls.NewEvent();
        if (Descriptor < 0)
        {
            throw new IOException("eventfd: no descriptor is left");
        }
    }

    internal int Descriptor { get; }

    /// <summary>Says it.</summary>
    public void Set()
    {
        if (Volatile.Read(ref _disposed) == 0)
        {
            _ = DescriptorCalls.Write(Descriptor, BitConverter.GetBytes(1UL));
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _ = OpenCalls.Close(Descriptor);
        }
    }
}

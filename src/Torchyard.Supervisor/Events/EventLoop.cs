using System.Runtime.InteropServices;
using Torchyard.Supervisor.Native;

namespace Torchyard.Supervisor.Events;

/// <summary>Waits for descriptors and time on one thread (poll(2)); nothing in the supervisor needs a lock.</summary>
internal sealed class EventLoop
{
    private readonly Dictionary<int, (short Events, Action<short> Handler)> _watches = [];
    private Libc.PollDescriptor[] _descriptors = new Libc.PollDescriptor[16];

    /// <summary>
    /// Calls the handler whenever one of the events is there, until <see cref="Forget"/>; a second call replaces the first.
    /// </summary>
    public void Watch(int descriptor, short events, Action<short> handler) => _watches[descriptor] = (events, handler);

    public void Forget(int descriptor) => _watches.Remove(descriptor);

    /// <summary>Waits once and calls the handlers.</summary>
    /// <param name="limit">Longest wait; null to wait for an event.</param>
    public unsafe void Wait(TimeSpan? limit)
    {
        var count = 0;
        if (_descriptors.Length < _watches.Count)
        {
            Array.Resize(ref _descriptors, _watches.Count * 2);
        }

        foreach (var (descriptor, (events, _)) in _watches)
        {
            _descriptors[count++] = new Libc.PollDescriptor { Descriptor = descriptor, Events = events };
        }

        var milliseconds = limit is { } time ? (int)Math.Clamp(Math.Ceiling(time.TotalMilliseconds), 0, 3_600_000) : -1;
        int ready;
        fixed (Libc.PollDescriptor* first = _descriptors)
        {
            ready = Libc.Poll(first, (nuint)count, milliseconds);
        }

        if (ready < 0 && Marshal.GetLastPInvokeError() != Libc.ErrorInterrupted)
        {
            throw PosixException.Last("poll");
        }

        for (var i = 0; ready > 0 && i < count; i++)
        {
            // A handler may have forgotten a descriptor that was ready as well.
            var (descriptor, returned) = (_descriptors[i].Descriptor, _descriptors[i].Returned);
            if (returned != 0 && _watches.TryGetValue(descriptor, out var watch))
            {
                watch.Handler(returned);
            }
        }
    }
}

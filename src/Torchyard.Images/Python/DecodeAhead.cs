namespace Torchyard.Images.Python;

/// <summary>A part of a layer that may be decoded before the layer comes to it.</summary>
internal interface IAheadWork
{
    /// <summary>
    /// How long it takes from here to the end of the layer, in bytes that get into a layer in that time: this part's own, which have to be
    /// decoded first, and those behind it. The more, the sooner it is begun.
    /// </summary>
    long Urgency { get; }

    /// <summary>
    /// Bytes of memory that it holds from its start until the layer has taken it; 0 for what is decoded into the mounted form.
    /// </summary>
    int Memory { get; }

    /// <summary>Decodes on a thread of its own, unless the layer came to it first: then false.</summary>
    /// <param name="ended">Called when it is done.</param>
    bool TryStart(Action ended);
}

/// <summary>
/// Gives cores that no layer uses to what layers under way will need next. A layer is written file after file, so without this the largest
/// wheel, torch, would be decoded by one core while the others wait. Large files are decoded into the mounted form, which is written in any
/// case; small ones, in groups, also into memory, of which there is a budget.
/// </summary>
/// <param name="cores">How many layers and parts of layers may be worked on at once.</param>
/// <param name="from">Bytes from which a file is large.</param>
internal sealed class DecodeAhead(int cores, int from = 1 << 20)
{
    // Groups on their way and groups that wait for their layer, two a core.
    private readonly long _budget = 2L * cores * from;
    private readonly Lock _gate = new();
    private readonly PriorityQueue<IAheadWork, long> _files = new();
    private readonly PriorityQueue<IAheadWork, long> _groups = new();
    private int _busy;
    private long _held;

    /// <summary>Bytes from which a file is large, and most of a group of small ones.</summary>
    public int From => from;

    /// <summary>A layer begins, on a core of its own. To be given back with <see cref="EndLayer"/>.</summary>
    /// <param name="parts">What may be decoded before its turn; the directories are there.</param>
    public void BeginLayer(IEnumerable<IAheadWork> parts)
    {
        lock (_gate)
        {
            _busy++;
            foreach (var part in parts)
            {
                (part.Memory > 0 ? _groups : _files).Enqueue(part, -part.Urgency);
            }
        }

        StartWaiting();
    }

    /// <summary>A layer has ended; its core goes to others.</summary>
    public void EndLayer() => FreeCore();

    /// <summary>Memory of a part that was started is free again.</summary>
    public void GiveBack(int memory)
    {
        lock (_gate)
        {
            _held -= memory;
        }

        StartWaiting();
    }

    /// <summary>Runs what mostly waits for a part that is being decoded; its core is another's meanwhile.</summary>
    public void WhileWaiting(Action wait)
    {
        FreeCore();
        try
        {
            wait();
        }
        finally
        {
            lock (_gate)
            {
                _busy++;
            }
        }
    }

    private void FreeCore()
    {
        lock (_gate)
        {
            _busy--;
        }

        StartWaiting();
    }

    private void StartWaiting()
    {
        lock (_gate)
        {
            while (_busy < cores && Next() is { } part)
            {
                if (part.TryStart(FreeCore))
                {
                    _busy++;
                    _held += part.Memory;
                }
            }
        }
    }

    /// <summary>The most urgent part that there is memory for.</summary>
    private IAheadWork? Next()
    {
        var isFile = _files.TryPeek(out _, out var file);
        var isGroup = _groups.TryPeek(out var first, out var group) && _held + first.Memory <= _budget;
        return isGroup && (!isFile || group < file) ? _groups.Dequeue()
            : isFile ? _files.Dequeue()
            : null;
    }
}

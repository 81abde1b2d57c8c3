namespace Torchyard.Images.Wheels;

/// <summary>
/// Gives cores that no layer uses to the large files of layers under way. A layer is written file after file, so without this the largest
/// wheel, torch, would be decoded by one core while the others wait. Files are decoded into the mounted form, which is written in any
/// case, so memory does not grow with what is ahead.
/// </summary>
/// <param name="cores">How many layers and files may be worked on at once.</param>
/// <param name="from">Bytes from which a file is decoded ahead: below it, handing it over costs more than it gains.</param>
internal sealed class DecodeAhead(int cores, long from = 1 << 20)
{

    private readonly Lock _gate = new();
    private readonly PriorityQueue<AheadFile, long> _waiting = new();
    private int _busy;

    /// <summary>Bytes from which a file is decoded ahead.</summary>
    public long From => from;

    /// <summary>A layer begins, on a core of its own. To be given back with <see cref="EndLayer"/>.</summary>
    /// <param name="files">Its large files; their directories are there.</param>
    public void BeginLayer(IEnumerable<AheadFile> files)
    {
        lock (_gate)
        {
            _busy++;
            foreach (var file in files)
            {
                _waiting.Enqueue(file, -file.Size);
            }
        }

        StartWaiting();
    }

    /// <summary>A layer has ended; its core goes to the files of others.</summary>
    public void EndLayer() => FreeCore();

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
            while (_busy < cores && _waiting.TryDequeue(out var file, out _))
            {
                if (file.TryStart(FreeCore))
                {
                    _busy++;
                }
            }
        }
    }
}

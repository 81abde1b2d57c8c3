namespace Torchyard.Images.Python;

/// <summary>Who decodes a part of a layer: the layer itself, or a thread before its turn. Whoever comes first.</summary>
internal sealed class AheadTurn
{
    private readonly object _ended = new();
    private int _taker;
    private bool _isEnded;

    private enum Taker
    {
        None,
        Layer,
        Ahead,
    }

    /// <summary>Takes it for the layer; false when it was taken before.</summary>
    public bool TryTake() => Claim(Taker.Layer) == Taker.None;

    /// <summary>Takes it and decodes on a thread of its own; false when it was taken before.</summary>
    /// <param name="decode">Decodes; it throws nothing.</param>
    /// <param name="ended">Called after that.</param>
    public bool TryStart(Action decode, Action ended)
    {
        if (Claim(Taker.Ahead) != Taker.None)
        {
            return false;
        }

        new Thread(() =>
        {
            decode();
            lock (_ended)
            {
                _isEnded = true;
                Monitor.PulseAll(_ended);
            }

            ended();
        })
        {
            IsBackground = true,
            Name = "torchyard-decode",
        }.Start();
        return true;
    }

    /// <summary>Keeps a thread from beginning, and waits for one that began; true when there was one.</summary>
    public bool Close()
    {
        if (Claim(Taker.Layer) != Taker.Ahead)
        {
            return false;
        }

        WaitForEnd();
        return true;
    }

    /// <summary>Waits for the thread. Only when <see cref="TryTake"/> said no.</summary>
    public void WaitForEnd()
    {
        lock (_ended)
        {
            while (!_isEnded)
            {
                Monitor.Wait(_ended);
            }
        }
    }

    private Taker Claim(Taker who) => (Taker)Interlocked.CompareExchange(ref _taker, (int)who, (int)Taker.None);
}

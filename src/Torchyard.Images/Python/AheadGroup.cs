using System.Buffers;
using System.Runtime.ExceptionServices;

namespace Torchyard.Images.Python;

/// <summary>
/// Small files that follow each other in a layer and may be decoded before the layer comes to them, into memory, and on the way into the
/// mounted form. Most of what thousands of small files cost is making them; this is done beside the layer.
/// </summary>
internal sealed class AheadGroup : IAheadWork, IDisposable
{
    private readonly int[] _places;
    private readonly Action<int, Memory<byte>> _decode;

    private readonly AheadTurn _turn = new();

    // What follows belongs to the thread that decodes, until it has ended.
    private byte[]? _content;
    private int _decoded;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _stop;

    /// <summary>Makes a group.</summary>
    /// <param name="urgency">See <see cref="IAheadWork.Urgency"/>.</param>
    /// <param name="sizes">Sizes of the files when decoded.</param>
    /// <param name="decode">Decodes a file, by its number, to its end, and fills the memory.</param>
    public AheadGroup(long urgency, IReadOnlyList<int> sizes, Action<int, Memory<byte>> decode)
    {
        _decode = decode;
        _places = new int[sizes.Count + 1];
        for (var number = 0; number < sizes.Count; number++)
        {
            _places[number + 1] = checked(_places[number] + sizes[number]);
        }

        Urgency = urgency;
    }

    public long Urgency { get; }

    public int Memory => Math.Max(1, _places[^1]);

    public bool TryStart(Action ended) => _turn.TryStart(Decode, ended);

    /// <summary>True when nobody decodes it: the layer itself has to.</summary>
    public bool TryTake() => _turn.TryTake();

    /// <summary>
    /// The content of a file, by its number, once the group is decoded; until <see cref="Release"/>. Only when <see cref="TryTake"/> said
    /// no.
    /// </summary>
    public ReadOnlyMemory<byte> Take(int number)
    {
        _turn.WaitForEnd();
        if (number >= _decoded)
        {
            _failure?.Throw();
        }

        return _content.AsMemory(_places[number].._places[number + 1]);
    }

    /// <summary>Stops the decoding and gives the memory back. True once, if another thread than the layer's decoded it.</summary>
    public bool Release()
    {
        _stop = true;
        if (!_turn.Close())
        {
            return false;
        }

        var content = _content;
        _content = null;
        if (content is not null)
        {
            ArrayPool<byte>.Shared.Return(content);
        }

        return content is not null;
    }

    public void Dispose() => Release();

    private void Decode()
    {
        _content = ArrayPool<byte>.Shared.Rent(Memory);
        try
        {
            while (_decoded < _places.Length - 1 && !_stop)
            {
                _decode(_decoded, _content.AsMemory(_places[_decoded].._places[_decoded + 1]));
                _decoded++;
            }
        }
#pragma warning disable CA1031 // Thrown where the layer takes the file.
        catch (Exception failed)
        {
            _failure = ExceptionDispatchInfo.Capture(failed);
        }
#pragma warning restore CA1031
    }
}

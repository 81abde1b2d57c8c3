using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace Torchyard.Fuzz.Engine;

/// <summary>
/// Which branches an input took: AFL's map of edges, which the instrumented assemblies fill. Without instrumentation it stays empty,
/// and only new kinds of results count as progress.
/// </summary>
internal sealed unsafe class Coverage
{
    private const int Size = 1 << 16;

    private readonly byte* _map;
    private readonly byte[] _seen = new byte[Size];

    public Coverage()
    {
        _map = (byte*)NativeMemory.AllocZeroed(Size);
        Trace.SharedMem = _map;
    }

    /// <summary>Edges that any input took.</summary>
    public int Edges { get; private set; }

    /// <summary>Before an input.</summary>
    public void Clear()
    {
        new Span<byte>(_map, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>After an input: true when it took an edge that none took before, or one much more often.</summary>
    public bool AddNew()
    {
        var isNew = false;
        var words = new ReadOnlySpan<ulong>(_map, Size / sizeof(ulong));
        for (var word = 0; word < words.Length; word++)
        {
            if (words[word] == 0)
            {
                continue;
            }

            for (var at = word * sizeof(ulong); at < (word + 1) * sizeof(ulong); at++)
            {
                var bucket = Bucket(_map[at]);
                if ((_seen[at] & bucket) != bucket)
                {
                    Edges += _seen[at] == 0 ? 1 : 0;
                    _seen[at] |= bucket;
                    isNew = true;
                }
            }
        }

        return isNew;
    }

    // AFL's classes of counts: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more.
    private static byte Bucket(byte count) =>
        count switch
        {
            0 => 0,
            1 => 1,
            2 => 2,
            3 => 4,
            < 8 => 8,
            < 16 => 16,
            < 32 => 32,
            < 128 => 64,
            _ => 128,
        };
}

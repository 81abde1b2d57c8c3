using System.Text;

namespace Torchyard.Packages.Debian.Indexes;

/// <summary>
/// Gives each package name a small number, in order of first mention. apt numbers packages the same way and breaks ties between
/// providers by that number, so the order of calls to <see cref="Intern"/> is part of the resolver's result.
/// </summary>
internal sealed class NameTable
{
    private byte[] _bytes = new byte[1 << 20];
    private int _used;
    private Entry[] _entries = new Entry[1 << 16];
    private int[] _buckets = new int[1 << 17];

    /// <summary>How many names there are; they are numbered from 0.</summary>
    public int Count { get; private set; }

    /// <summary>The UTF-8 name of a number.</summary>
    public ReadOnlySpan<byte> this[int id] => _bytes.AsSpan(_entries[id].Start, _entries[id].Length);

    /// <summary>The name of a number as text.</summary>
    public string Text(int id) => Encoding.UTF8.GetString(this[id]);

    /// <summary>The number of a name, or -1.</summary>
    public int Find(ReadOnlySpan<byte> name) => Find(name, Hash(name));

    /// <summary>The number of a name; a new name gets the next number.</summary>
    public int Intern(ReadOnlySpan<byte> name)
    {
        var hash = Hash(name);
        var found = Find(name, hash);
        return found >= 0 ? found : Add(name, hash);
    }

    private int Find(ReadOnlySpan<byte> name, uint hash)
    {
        for (var at = _buckets[hash & (uint)(_buckets.Length - 1)] - 1; at >= 0; at = _entries[at].Next)
        {
            if (_entries[at].Hash == hash && this[at].SequenceEqual(name))
            {
                return at;
            }
        }

        return -1;
    }

    private int Add(ReadOnlySpan<byte> name, uint hash)
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Count * 2);
            Rehash();
        }

        if (_used + name.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _used + name.Length));
        }

        name.CopyTo(_bytes.AsSpan(_used));
        ref var bucket = ref _buckets[hash & (uint)(_buckets.Length - 1)];
        _entries[Count] = new Entry(_used, name.Length, hash, bucket - 1);
        _used += name.Length;
        bucket = ++Count;
        return Count - 1;
    }

    private void Rehash()
    {
        _buckets = new int[_entries.Length * 2];
        for (var i = 0; i < Count; i++)
        {
            ref var bucket = ref _buckets[_entries[i].Hash & (uint)(_buckets.Length - 1)];
            _entries[i] = _entries[i] with { Next = bucket - 1 };
            bucket = i + 1;
        }
    }

    private static uint Hash(ReadOnlySpan<byte> name)
    {
        ulong hash = (uint)name.Length;
        while (name.Length >= 8)
        {
            hash = (hash ^ BitConverter.ToUInt64(name)) * 0x9E3779B97F4A7C15;
            hash ^= hash >> 29;
            name = name[8..];
        }

        ulong tail = 0;
        for (var i = 0; i < name.Length; i++)
        {
            tail |= (ulong)name[i] << (8 * i);
        }

        hash = (hash ^ tail) * 0xBF58476D1CE4E5B9;
        return (uint)(hash >> 32);
    }

    private record struct Entry(int Start, int Length, uint Hash, int Next);
}

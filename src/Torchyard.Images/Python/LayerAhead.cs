using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Streams;

namespace Torchyard.Images.Python;

/// <summary>
/// The parts of one layer that may be decoded before their turn: large files each for itself, runs of small ones in groups. Without a
/// mounted form there are none.
/// </summary>
internal sealed class LayerAhead : IDisposable
{
    // Beside their bytes, files cost time each.
    private const int MostInGroup = 256;

    // One core decodes about 0.3 GB/s; what is decoded gets into a layer with about 1.5.
    private const int SlowerThanWriting = 5;

    private readonly DecodeAhead _ahead;
    private readonly Part[] _parts;

    /// <summary>Begins the layer: free cores take its parts from now on.</summary>
    /// <param name="files">Its files, in their order.</param>
    /// <param name="mounted">Directory of the mounted form, or null.</param>
    /// <param name="carries">True when deflate data goes into the blob as it is.</param>
    /// <param name="ahead">Has the cores.</param>
    public LayerAhead(IReadOnlyList<WheelLayerFile> files, string? mounted, bool carries, DecodeAhead ahead)
    {
        _ahead = ahead;
        _parts = mounted is null ? [] : Divide(files, mounted, carries, ahead.From);
        ahead.BeginLayer(_parts.SelectMany(IEnumerable<IAheadWork?> (part) => [part.File, part.Group]).OfType<IAheadWork>().Distinct());
    }

    /// <summary>
    /// Writes a file that was decoded, or is being decoded, on another thread. False when nobody has begun: the layer has to do it.
    /// </summary>
    /// <param name="index">Number of the file.</param>
    /// <param name="write">Writes the content into the layer.</param>
    public bool TryWrite(int index, Action<Stream> write)
    {
        if (index >= _parts.Length)
        {
            return false;
        }

        var part = _parts[index];
        if (part.File is { } file && !file.TryTake())
        {
            _ahead.WhileWaiting(() =>
            {
                using var content = file.OpenFollowing();
                write(content);
                file.Wait();
            });
            file.Dispose();
            return true;
        }

        if (part.Group is { } group && !part.IsTaken && !(part.Number == 0 && Take(index, group)))
        {
            using var content = new MemoryReadStream(group.Take(part.Number));
            write(content);
            if (index + 1 == _parts.Length || _parts[index + 1].Group != group)
            {
                Release(group);
            }

            return true;
        }

        return false;
    }

    /// <summary>Ends the layer: what was begun is stopped, and nothing of it is used afterwards.</summary>
    public void Dispose()
    {
        foreach (var part in _parts)
        {
            part.File?.Dispose();
            if (part is { Number: 0, Group: { } group })
            {
                Release(group);
            }
        }

        _ahead.EndLayer();
    }

    private static Part[] Divide(IReadOnlyList<WheelLayerFile> files, string mounted, bool carries, int from)
    {
        var parts = new Part[files.Count];
        var left = files.Sum(file => file.Size);
        for (var index = 0; index < files.Count; )
        {
            var file = files[index];
            var count = Run(files, index, from);
            if (file.Source is not null && file.Size >= from)
            {
                parts[index] = new Part(new AheadFile(Urgency(left, file.Size), new Target(file, mounted, carries)));
                count = 1;
            }
            else if (count > 1)
            {
                var first = index;
                int[] sizes = [.. files.Skip(first).Take(count).Select(member => (int)member.Size)];
                var group = new AheadGroup(Urgency(left, sizes.Sum()), sizes, (number, content) =>
                    Decode(files[first + number], mounted, carries, content)
                );
                for (var number = 0; number < count; number++)
                {
                    parts[first + number] = new Part(null, group, number);
                }
            }
            else
            {
                parts[index] = new Part(null);
                count = 1;
            }

            for (var end = index + count; index < end; index++)
            {
                left -= files[index].Size;
            }
        }

        return parts;
    }

    private static long Urgency(long left, long size) => left + ((SlowerThanWriting - 1) * size);

    /// <summary>How many small files of wheels from here on make a group.</summary>
    private static int Run(IReadOnlyList<WheelLayerFile> files, int first, int from)
    {
        var size = 0L;
        var index = first;
        while (index < files.Count && index - first < MostInGroup && files[index].Source is not null && (size += files[index].Size) < from)
        {
            index++;
        }

        return index - first;
    }

    private static void Decode(WheelLayerFile file, string mounted, bool carries, Memory<byte> content)
    {
        using var target = file.Create(mounted);
        using (var stream = file.Open(target, carries && file.IsCarriedInGzip))
        {
            stream.ReadExactly(content.Span);
            // What can only be checked at the end of an empty file.
            stream.CopyTo(Stream.Null);
        }

        file.Finish(target);
    }

    /// <summary>Takes a group for the layer itself, if nobody has begun.</summary>
    private bool Take(int first, AheadGroup group)
    {
        if (!group.TryTake())
        {
            return false;
        }

        for (var index = first; index < _parts.Length && _parts[index].Group == group; index++)
        {
            _parts[index] = _parts[index] with { IsTaken = true };
        }

        return true;
    }

    private void Release(AheadGroup group)
    {
        if (group.Release())
        {
            _ahead.GiveBack(group.Memory);
        }
    }

    /// <summary>What a file of the layer is a part of.</summary>
    private readonly record struct Part(AheadFile? File, AheadGroup? Group = null, int Number = 0, bool IsTaken = false);

    private sealed class Target(WheelLayerFile file, string mounted, bool carries) : IAheadTarget
    {
        public HashAlgorithmName Algorithm => file.Algorithm;

        public SafeFileHandle Create() => file.Create(mounted);

        public Stream Open() => file.Decode(carries && file.IsCarriedInGzip);

        public void Finish(SafeFileHandle written, long size, byte[] hash)
        {
            file.RequireRecord(size, hash);
            file.Finish(written);
        }
    }

    private sealed class MemoryReadStream(ReadOnlyMemory<byte> content) : ForwardReadStream
    {
        private ReadOnlyMemory<byte> _left = content;

        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(buffer.Length, _left.Length);
            _left.Span[..count].CopyTo(buffer);
            _left = _left[count..];
            return count;
        }
    }
}

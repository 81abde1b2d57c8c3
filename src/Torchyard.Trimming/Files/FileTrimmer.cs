using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Errors;
using Torchyard.Trimming.Elf;
using Torchyard.Trimming.Errors;
using Torchyard.Trimming.Layout;

namespace Torchyard.Trimming.Files;

/// <summary>Writes new files as they are planned, in one pass and with two buffers, whatever their size.</summary>
public static class FileTrimmer
{
    private const int BufferBytes = 2 << 20;

    /// <summary>Writes the new content of a file.</summary>
    /// <param name="from">The old file.</param>
    /// <param name="name">Its name for people.</param>
    /// <param name="plan">What becomes of it.</param>
    /// <param name="to">An empty file.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>SHA-256 of the new content, in hexadecimal.</returns>
    /// <exception cref="TorchyardException">TY3082: the old file changed meanwhile.</exception>
    public static string Write(SafeFileHandle from, string name, TrimPlan plan, SafeFileHandle to, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var buffers = new BufferPair(BufferBytes);
        var pending = Task.CompletedTask;
        long at = 0;
        // A file that stays as it is, for a copy.
        var pieces = plan.IsChange ? plan.Pieces : [OutputPiece.Copy(0, plan.BytesBefore)];
        try
        {
            foreach (var piece in pieces)
            {
                for (long done = 0; done < piece.Bytes; )
                {
                    cancellation.ThrowIfCancellationRequested();
                    var part = buffers.Next(Math.Min(piece.Bytes - done, BufferBytes));
                    Fill(from, name, piece, done, part.Span);
                    pending.GetAwaiter().GetResult();
                    // Hashing runs beside the next read.
                    pending = Task.Run(() => hash.AppendData(part.Span), CancellationToken.None);
                    if (piece.From >= 0 || !piece.Content.IsEmpty)
                    {
                        RandomAccess.Write(to, part.Span, at);
                    }

                    done += part.Length;
                    at += part.Length;
                }
            }
        }
        finally
        {
            // Nobody may use the buffers any more when they go back.
            pending.GetAwaiter().GetResult();
        }

        // What was not written is a hole, also at the end.
        RandomAccess.SetLength(to, at);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Fill(SafeFileHandle from, string name, OutputPiece piece, long done, Span<byte> part)
    {
        if (piece.From >= 0)
        {
            if (!ElfFile.TryRead(from, part, piece.From + done))
            {
                throw TrimErrors.ChangedMeanwhile(name);
            }
        }
        else if (piece.Content.IsEmpty)
        {
            part.Clear();
        }
        else
        {
            piece.Content.Span.Slice((int)done, part.Length).CopyTo(part);
        }
    }

    /// <summary>Two buffers in turns: one is hashed while the other is filled.</summary>
    private sealed class BufferPair(int bytes) : IDisposable
    {
        private readonly byte[][] _buffers = [ArrayPool<byte>.Shared.Rent(bytes), ArrayPool<byte>.Shared.Rent(bytes)];
        private int _turn;

        public Memory<byte> Next(long length)
        {
            _turn ^= 1;
            return _buffers[_turn].AsMemory(0, (int)length);
        }

        public void Dispose()
        {
            foreach (var buffer in _buffers)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}

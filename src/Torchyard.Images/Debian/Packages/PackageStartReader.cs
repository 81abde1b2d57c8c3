using System.Runtime.InteropServices;
using Torchyard.Images.Errors;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Packages;

/// <summary>
/// Reads the control part of a package from the beginning of its file. No hash vouches for these bytes: what they say is compared with the
/// package when it is there, and what cannot be read is nothing but a reason to wait for the package.
/// </summary>
internal static class PackageStartReader
{
    /// <summary>How many bytes of a package's file there are up to the end of its control part.</summary>
    /// <param name="start">The bytes that are there.</param>
    /// <returns>The number, or one that takes the next step towards it; null when these are not the beginning of a package.</returns>
    internal static long? Needed(ReadOnlyMemory<byte> start)
    {
        if (start.Length < ArReader.Magic.Length)
        {
            return ArReader.Magic.Length;
        }

        if (!start.Span.StartsWith(ArReader.Magic))
        {
            return null;
        }

        for (long offset = ArReader.Magic.Length; ; )
        {
            if (start.Length < offset + ArReader.HeaderSize)
            {
                return offset + ArReader.HeaderSize;
            }

            if (
                ArReader.ReadHeader(start.Span.Slice((int)offset, ArReader.HeaderSize), offset)
                is not { Size: <= DebArchive.MaxControl } member
            )
            {
                return null;
            }

            var end = member.Offset + member.Size;
            if (member.Name.StartsWith(DebArchive.ControlMember, StringComparison.Ordinal))
            {
                return end;
            }

            // In front of the control part there is nothing but a version, which is short.
            offset = end + (member.Size & 1);
            if (offset > 1 << 16)
            {
                return null;
            }
        }
    }

    /// <summary>Reads the control file; null when the bytes do not have the one of the package.</summary>
    /// <param name="start">As many bytes as <see cref="Needed"/> says.</param>
    /// <param name="package">What the lock says of it.</param>
    internal static (ControlParagraph Control, long Time)? TryRead(ReadOnlyMemory<byte> start, LockedDebianPackage package)
    {
        try
        {
            var label = ArchivePath.Name(package.Filename);
            var (member, format) = FindControl(label, start);
            var bytes = start.Slice((int)member.Offset, (int)member.Size);
            using var packed = MemoryMarshal.TryGetArray(bytes, out var segment)
                ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
                : new MemoryStream(bytes.ToArray(), writable: false);
            var files = DebArchive.ReadControl(packed, member.Name, format, label);
            var control = PackageUnpacker.ControlOf(files, package, label);
            return (control, files["control"].ModifiedAt);
        }
        catch (TorchyardException failure)
            when (failure.Code is ImageCodes.BadArchive or ImageCodes.UnsafeName or ImageCodes.UnpacksTooLarge)
        {
            return null;
        }
    }

    /// <summary>True when a package's file begins with these bytes.</summary>
    internal static bool IsStartOf(ReadOnlySpan<byte> start, string path)
    {
        using var file = File.OpenHandle(path);
        var bytes = new byte[start.Length];
        for (var filled = 0; filled < bytes.Length; )
        {
            var read = RandomAccess.Read(file, bytes.AsSpan(filled), filled);
            if (read == 0)
            {
                return false;
            }

            filled += read;
        }

        return start.SequenceEqual(bytes);
    }

    private static (ArMember Member, CompressionFormat Format) FindControl(string label, ReadOnlyMemory<byte> start)
    {
        var members = new List<ArMember>();
        for (long offset = ArReader.Magic.Length; offset + ArReader.HeaderSize <= start.Length; )
        {
            if (
                ArReader.ReadHeader(start.Span.Slice((int)offset, ArReader.HeaderSize), offset) is not { } member
                || member.Offset + member.Size > start.Length
            )
            {
                break;
            }

            members.Add(member);
            offset = member.Offset + member.Size + (member.Size & 1);
        }

        return DebArchive.Find(label, members, DebArchive.ControlMember);
    }
}

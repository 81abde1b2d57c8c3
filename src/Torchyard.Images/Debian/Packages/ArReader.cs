using System.Buffers.Text;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Torchyard.Images.Debian.Packages;

/// <summary>One member of an ar archive.</summary>
/// <param name="Name">Name without padding and without GNU's closing slash.</param>
/// <param name="Offset">Where its content begins in the file.</param>
/// <param name="Size">Bytes of content.</param>
internal sealed record ArMember(string Name, long Offset, long Size);

/// <summary>Reads the common ar format (deb(5), ar(5)): a magic line, then 60-byte headers, content padded to even offsets.</summary>
internal static class ArReader
{
    internal const int HeaderSize = 60;
    private const int MaxMembers = 64;

    /// <summary>What an archive begins with.</summary>
    internal static ReadOnlySpan<byte> Magic => "!<arch>\n"u8;

    /// <summary>Lists the members; false and the reason for anything that is not an ar archive.</summary>
    internal static bool TryRead(SafeFileHandle file, out List<ArMember> members, out string error)
    {
        members = [];
        error = "";
        var length = RandomAccess.GetLength(file);
        Span<byte> header = stackalloc byte[HeaderSize];
        if (RandomAccess.Read(file, header[..8], 0) != 8 || !header[..8].SequenceEqual(Magic))
        {
            error = "it is not an ar archive";
            return false;
        }

        for (var offset = 8L; offset < length; )
        {
            if (members.Count == MaxMembers)
            {
                error = $"it has more than {MaxMembers} members";
                return false;
            }

            if (RandomAccess.Read(file, header, offset) != HeaderSize || ReadHeader(header, offset) is not { } member)
            {
                error = "a member header is damaged";
                return false;
            }

            if (member.Size > length - member.Offset)
            {
                error = "a member is longer than the file";
                return false;
            }

            members.Add(member);
            offset = member.Offset + member.Size + (member.Size & 1);
        }

        return true;
    }

    /// <summary>Reads the header of a member; null when it is not one.</summary>
    /// <param name="header">Its bytes.</param>
    /// <param name="offset">Where it begins in the file.</param>
    internal static ArMember? ReadHeader(ReadOnlySpan<byte> header, long offset)
    {
        var digits = header.Slice(48, 10).TrimEnd((byte)' ');
        return
            header[58] == (byte)'`'
            && header[59] == (byte)'\n'
            && Utf8Parser.TryParse(digits, out long size, out var used)
            && used == digits.Length
            && size >= 0
            ? new ArMember(Encoding.Latin1.GetString(header[..16]).TrimEnd(' ').TrimEnd('/'), offset + HeaderSize, size)
            : null;
    }
}

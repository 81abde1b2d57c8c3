using System.Text;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Debian.Signing;

/// <summary>
/// A text with an OpenPGP signature around it (RFC 9580, section 7, "Cleartext Signature Framework"). Reading is strict, so that what is
/// used is exactly what was signed: nothing before the first line, nothing after the last, no header but Hash, no line that only
/// looks signed.
/// </summary>
/// <param name="Text">The signed text, dash escapes undone, trailing white space removed, LF line ends.</param>
/// <param name="SignedBytes">The same text as it was hashed: CRLF line ends, none after the last line.</param>
/// <param name="Signature">The armoured signature block.</param>
internal sealed record ClearSignedText(byte[] Text, byte[] SignedBytes, byte[] Signature)
{
    private static ReadOnlySpan<byte> Begin => "-----BEGIN PGP SIGNED MESSAGE-----"u8;

    private static ReadOnlySpan<byte> BeginSignature => "-----BEGIN PGP SIGNATURE-----"u8;

    private static ReadOnlySpan<byte> EndSignature => "-----END PGP SIGNATURE-----"u8;

    /// <summary>True when the bytes begin like a clear-signed text.</summary>
    public static bool IsClearSigned(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Begin);

    /// <summary>Takes the parts of a clear-signed file apart.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="source">Its address, for errors.</param>
    /// <exception cref="TorchyardException">TY2020: the framing is broken; TY2024: the header announces a weak hash.</exception>
    public static ClearSignedText Read(ReadOnlySpan<byte> bytes, string source)
    {
        var rest = bytes;
        if (!NextLine(ref rest, out var line) || !TrimEnd(line).SequenceEqual(Begin))
        {
            throw Broken(source, "it does not begin with a signed message");
        }

        ReadHeaders(ref rest, source);
        var text = new MemoryStream(bytes.Length);
        var signed = new MemoryStream(bytes.Length + bytes.Length / 32);
        while (true)
        {
            if (!NextLine(ref rest, out line))
            {
                throw Broken(source, "the signature is missing");
            }

            line = TrimEnd(line);
            if (line.SequenceEqual(BeginSignature))
            {
                break;
            }

            if (line is [(byte)'-', ..])
            {
                if (line is not [(byte)'-', (byte)' ', ..])
                {
                    throw Broken(source, "a line begins with an unescaped dash");
                }

                line = line[2..];
            }

            if (signed.Length > 0 || text.Length > 0)
            {
                signed.Write("\r\n"u8);
            }

            signed.Write(line);
            text.Write(line);
            text.WriteByte((byte)'\n');
        }

        return new ClearSignedText(text.ToArray(), signed.ToArray(), ReadSignature(ref rest, source));
    }

    private static void ReadHeaders(ref ReadOnlySpan<byte> rest, string source)
    {
        while (true)
        {
            if (!NextLine(ref rest, out var line))
            {
                throw Broken(source, "the signed text is missing");
            }

            // Only a truly empty line ends the headers; one of spaces would let two readers disagree where the text begins.
            if (line.IsEmpty)
            {
                return;
            }

            if (!line.StartsWith("Hash: "u8))
            {
                throw Broken(source, "it has an armour header other than Hash");
            }

            foreach (var name in Encoding.ASCII.GetString(line[6..]).Split(',', StringSplitOptions.TrimEntries))
            {
                if (name is not ("SHA256" or "SHA384" or "SHA512"))
                {
                    throw new TorchyardException(
                        "TY2024",
                        $"{source} is signed over the hash {name}, which proves nothing",
                        "use a mirror or suite whose Release file is signed with SHA-256 or stronger"
                    );
                }
            }
        }
    }

    private static byte[] ReadSignature(ref ReadOnlySpan<byte> rest, string source)
    {
        var signature = new MemoryStream();
        signature.Write(BeginSignature);
        signature.WriteByte((byte)'\n');
        while (true)
        {
            if (!NextLine(ref rest, out var line))
            {
                throw Broken(source, "the end of the signature is missing");
            }

            line = TrimEnd(line);
            signature.Write(line);
            signature.WriteByte((byte)'\n');
            if (line.SequenceEqual(EndSignature))
            {
                break;
            }

            if (line is [(byte)'-', ..])
            {
                throw Broken(source, "there is more than one block in it");
            }
        }

        return rest.IsEmpty ? signature.ToArray() : throw Broken(source, "something follows the signature");
    }

    private static bool NextLine(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> line)
    {
        if (rest.IsEmpty)
        {
            line = [];
            return false;
        }

        var end = rest.IndexOf((byte)'\n');
        line = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[(end + 1)..];
        if (line is [.., (byte)'\r'])
        {
            line = line[..^1];
        }

        return true;
    }

    private static ReadOnlySpan<byte> TrimEnd(ReadOnlySpan<byte> line) => line.TrimEnd(" \t\r"u8);

    private static TorchyardException Broken(string source, string what) =>
        new(
            "TY2020",
            $"{source} is not a properly signed file: {what}",
            "try again or use another mirror; a captive portal or a proxy may have answered in the archive's place"
        );
}

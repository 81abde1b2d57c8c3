using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Torchyard.Images.Debian.Configure;

/// <summary>
/// Java's store of trusted certificates in the format JKS (OpenJDK, sun.security.provider.JavaKeyStore): with each certificate the moment
/// at which it was added.
/// </summary>
internal static class JavaKeyStore
{
    /// <summary>What Debian's ca-certificates-java writes, from the same certificates of which it has a list in PEM.</summary>
    internal const string Path = "etc/ssl/certs/java/cacerts";

    internal const int LargestFile = 64 << 20;

    // Java's own default, and Debian's. The store holds nothing that is secret; the password is for its checksum alone.
    private const string Password = "changeit";
    private const string Whitener = "Mighty Aphrodite";
    private const uint Magic = 0xFEEDFEED;
    private const uint Version = 2;
    private const uint TrustedCertificate = 2;
    private const int Checksum = 20;

    /// <summary>
    /// The store with one moment for all certificates, in the order of their names; null when it is not such a store, or of another
    /// password.
    /// </summary>
    internal static byte[]? Settled(ReadOnlySpan<byte> store, long epoch)
    {
        if (store.Length < 12 + Checksum)
        {
            return null;
        }

        var content = store[..^Checksum];
        if (!Sum(content).AsSpan().SequenceEqual(store[^Checksum..]) || Number(content) != Magic || Number(content[4..]) != Version)
        {
            return null;
        }

        var entries = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        var at = 12;
        for (var left = Number(content[8..]); left > 0; left--)
        {
            var start = at;
            if (at + 6 > content.Length || Number(content[at..]) != TrustedCertificate)
            {
                return null;
            }

            var alias = at + 6;
            var time = alias + BinaryPrimitives.ReadUInt16BigEndian(content[(at + 4)..]);
            if (time + 10 > content.Length)
            {
                return null;
            }

            var length = time + 10 + BinaryPrimitives.ReadUInt16BigEndian(content[(time + 8)..]);
            if (length + 4 > content.Length)
            {
                return null;
            }

            var end = length + 4 + (long)Number(content[length..]);
            if (end > content.Length)
            {
                return null;
            }

            at = (int)end;
            var entry = content[start..at].ToArray();
            BinaryPrimitives.WriteInt64BigEndian(entry.AsSpan(time - start), epoch * 1000);
            if (!entries.TryAdd(Encoding.Latin1.GetString(content[alias..time]), entry))
            {
                return null;
            }
        }

        if (at != content.Length)
        {
            return null;
        }

        byte[] settled = [.. content[..12], .. entries.Values.SelectMany(entry => entry)];
        return [.. settled, .. Sum(settled)];
    }

    private static uint Number(ReadOnlySpan<byte> at) => BinaryPrimitives.ReadUInt32BigEndian(at);

    [SuppressMessage("Security", "CA5350", Justification = "The checksum that the format has; it protects nothing.")]
    private static byte[] Sum(ReadOnlySpan<byte> content) =>
        SHA1.HashData([.. Encoding.BigEndianUnicode.GetBytes(Password), .. Encoding.UTF8.GetBytes(Whitener), .. content]);
}

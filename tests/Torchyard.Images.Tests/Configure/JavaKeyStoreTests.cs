using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Torchyard.Images.Debian.Configure;

namespace Torchyard.Images.Tests.Configure;

public sealed class JavaKeyStoreTests
{
    private const long Epoch = 1_700_000_000;

    [Fact]
    public void Two_stores_of_the_same_certificates_become_one()
    {
        var one = Store([("debian:a.pem", 1_790_000_000_123, "first"), ("debian:b.pem", 1_790_000_001_456, "second")]);
        var other = Store([("debian:b.pem", 1_800_000_000_000, "second"), ("debian:a.pem", 1_800_000_000_001, "first")]);

        var settled = JavaKeyStore.Settled(one, Epoch);

        Assert.Equal(settled, JavaKeyStore.Settled(other, Epoch));
        Assert.Equal(settled, Store([("debian:a.pem", Epoch * 1000, "first"), ("debian:b.pem", Epoch * 1000, "second")]));
    }

    [Fact]
    public void What_is_no_such_store_or_is_damaged_stays_as_it_is()
    {
        var store = Store([("debian:a.pem", 1, "first")]);

        Assert.Null(JavaKeyStore.Settled([], Epoch));
        Assert.Null(JavaKeyStore.Settled(new byte[100], Epoch));
        Assert.Null(JavaKeyStore.Settled(store.AsSpan(1), Epoch));
        Assert.Null(JavaKeyStore.Settled(Store([("debian:a.pem", 1, "first")], tag: 1), Epoch));
        for (var at = 0; at < store.Length; at++)
        {
            var damaged = store.ToArray();
            damaged[at] ^= 0x40;
            Assert.Null(JavaKeyStore.Settled(damaged, Epoch));
        }
    }

    private static byte[] Store((string Alias, long Added, string Certificate)[] entries, uint tag = 2)
    {
        var content = new List<byte>();
        Number(0xFEEDFEED);
        Number(2);
        Number((uint)entries.Length);
        foreach (var (alias, added, certificate) in entries)
        {
            Number(tag);
            Text(alias);
            var time = new byte[8];
            BinaryPrimitives.WriteInt64BigEndian(time, added);
            content.AddRange(time);
            Text("X.509");
            Number((uint)certificate.Length);
            content.AddRange(Encoding.ASCII.GetBytes(certificate));
        }

        byte[] summed = [.. Encoding.BigEndianUnicode.GetBytes("changeit"), .. "Mighty Aphrodite"u8, .. content];
#pragma warning disable CA5350 // The format's own checksum.
        return [.. content, .. SHA1.HashData(summed)];
#pragma warning restore CA5350

        void Number(uint value)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
            content.AddRange(bytes);
        }

        void Text(string text)
        {
            content.AddRange([(byte)(text.Length >> 8), (byte)text.Length, .. Encoding.ASCII.GetBytes(text)]);
        }
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using Torchyard.Images.Debian.Configure;

namespace Torchyard.Fuzz.Targets.Images;

internal sealed class JavaKeyStoreTarget : FuzzTarget
{
    public override string Name => "java-key-store";

    public override string Input => "the Java key store that a maintainer script makes inside";

    public override IEnumerable<byte[]> Seeds()
    {
        var store = new byte[12 + 6 + 1 + 10 + 5 + 4 + 8 + 20];
        BinaryPrimitives.WriteUInt32BigEndian(store, 0xFEEDFEED);
        BinaryPrimitives.WriteInt32BigEndian(store.AsSpan(4), 2);
        BinaryPrimitives.WriteInt32BigEndian(store.AsSpan(8), 1);
        BinaryPrimitives.WriteInt32BigEndian(store.AsSpan(12), 2);
        BinaryPrimitives.WriteInt16BigEndian(store.AsSpan(16), 1);
        store[18] = (byte)'a';
        BinaryPrimitives.WriteInt16BigEndian(store.AsSpan(27), 5);
        "X.509"u8.CopyTo(store.AsSpan(29));
        BinaryPrimitives.WriteInt32BigEndian(store.AsSpan(34), 8);
        Settle(store);
        yield return store;
    }

    public override void Settle(Span<byte> input)
    {
        if (input.Length > 20)
        {
            byte[] summed = [.. System.Text.Encoding.BigEndianUnicode.GetBytes("changeit"), .. "Mighty Aphrodite"u8, .. input[..^20]];
#pragma warning disable CA5350 // The checksum that the format has.
            SHA1.HashData(summed).CopyTo(input[^20..]);
#pragma warning restore CA5350
        }
    }

    public override object? Parse(byte[] input)
    {
        var settled = JavaKeyStore.Settled(input, 1_700_000_000);
        if (settled is not null)
        {
            Require(settled.Length == input.Length, "a settled store has another length");
            Require(
                JavaKeyStore.Settled(settled, 1_700_000_000).AsSpan().SequenceEqual(settled),
                "a settled store is settled differently once more"
            );
        }

        return settled;
    }
}

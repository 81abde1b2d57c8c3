using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Torchyard.Images.Tar;

/// <summary>PAX extended header records, <c>length SP key = value LF</c> (POSIX.1-2001 pax, "pax Extended Header").</summary>
internal static class PaxRecords
{
    internal const string XattrPrefix = "SCHILY.xattr.";

    /// <summary>Reads all records; later ones win.</summary>
    internal static Dictionary<string, byte[]> Parse(ReadOnlySpan<byte> data)
    {
        var records = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        while (!data.IsEmpty)
        {
            if (
                !Utf8Parser.TryParse(data, out int length, out var digits)
                || length <= digits + 2
                || length > data.Length
                || data[digits] != (byte)' '
                || data[length - 1] != (byte)'\n'
            )
            {
                throw new TarFormatException("a PAX header is malformed");
            }

            var record = data[(digits + 1)..(length - 1)];
            var equals = record.IndexOf((byte)'=');
            if (equals <= 0)
            {
                throw new TarFormatException("a PAX header is malformed");
            }

            records[TarField.Text(record[..equals], "a PAX key")] = record[(equals + 1)..].ToArray();
            data = data[length..];
        }

        return records;
    }

    /// <summary>Adds one record.</summary>
    internal static void Append(List<byte> records, string key, ReadOnlySpan<byte> value)
    {
        var rest = Encoding.UTF8.GetByteCount(key) + value.Length + 3;
        var length = rest + Digits(rest);
        // The length counts its own digits, which may add one more.
        if (Digits(length) != Digits(rest))
        {
            length = rest + Digits(length);
        }

        records.AddRange(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{length} {key}=")));
        records.AddRange(value);
        records.Add((byte)'\n');
    }

    private static int Digits(int value) => value.ToString(CultureInfo.InvariantCulture).Length;
}

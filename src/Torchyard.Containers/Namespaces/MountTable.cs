using System.Text;

namespace Torchyard.Containers.Namespaces;

/// <summary>What is mounted where, as the calling thread sees it (proc_pid_mountinfo(5)).</summary>
internal static class MountTable
{
    /// <summary>Mount points below a directory, parents before what lies below them.</summary>
    public static IReadOnlyList<string> Below(string directory) =>
        [
            .. File.ReadLines("/proc/thread-self/mountinfo")
                .Select(line => Decode(line.Split(' ')[4]))
                .Where(point => point.StartsWith(directory + "/", StringComparison.Ordinal))
                .OrderBy(point => point.Length),
        ];

    /// <summary>Blanks and backslashes are written as three octal digits.</summary>
    internal static string Decode(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
        {
            return field;
        }

        var bytes = Encoding.UTF8.GetBytes(field);
        var result = new List<byte>();
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] == '\\' && i + 3 < bytes.Length && Octal(bytes.AsSpan(i + 1, 3)) is { } escaped)
            {
                result.Add(escaped);
                i += 3;
            }
            else
            {
                result.Add(bytes[i]);
            }
        }

        return Encoding.UTF8.GetString([.. result]);
    }

    private static byte? Octal(ReadOnlySpan<byte> digits) =>
        digits[0] is >= (byte)'0' and <= (byte)'3'
        && digits[1] is >= (byte)'0' and <= (byte)'7'
        && digits[2] is >= (byte)'0' and <= (byte)'7'
            ? (byte)(((digits[0] - '0') << 6) | ((digits[1] - '0') << 3) | (digits[2] - '0'))
            : null;
}

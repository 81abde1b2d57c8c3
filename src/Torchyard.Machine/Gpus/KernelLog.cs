using System.Globalization;
using System.Text;
using Torchyard.Machine.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Machine.Gpus;

/// <summary>An error that a GPU reported to the kernel.</summary>
/// <param name="PciAddress">Which GPU, e.g. <c>0000:18:00</c>.</param>
/// <param name="Code">Xid number.</param>
internal sealed record XidError(string PciAddress, int Code);

/// <summary>The kernel's log (<c>/dev/kmsg</c>), read without waiting for new messages.</summary>
internal static class KernelLog
{
    private const int MaxBytes = 8 << 20;

    /// <summary>The log; null when this user may not read it.</summary>
    public static string? Read(MachineFiles files) => files.IsLive ? ReadLive() : files.ReadText("/dev/kmsg");

    /// <summary>The Xid errors in a log: <c>NVRM: Xid (PCI:0000:18:00): 79, pid=…</c>.</summary>
    public static IReadOnlyList<XidError> Xids(string log)
    {
        const string mark = "NVRM: Xid (PCI:";
        var found = new List<XidError>();
        foreach (var line in log.AsSpan().EnumerateLines())
        {
            var at = line.IndexOf(mark, StringComparison.Ordinal);
            if (at < 0)
            {
                continue;
            }

            var rest = line[(at + mark.Length)..];
            var close = rest.IndexOf("): ", StringComparison.Ordinal);
            if (close < 0)
            {
                continue;
            }

            var number = rest[(close + 3)..];
            var end = number.IndexOfAnyExceptInRange('0', '9');
            if (int.TryParse(end < 0 ? number : number[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            {
                found.Add(new XidError(rest[..close].ToString(), code));
            }
        }

        return found;
    }

    private static string? ReadLive()
    {
        var descriptor = OpenCalls.OpenDescriptor("/dev/kmsg", OpenFlags.NonBlocking | OpenFlags.CloseOnExec);
        if (descriptor < 0)
        {
            return null;
        }

        try
        {
            var text = new StringBuilder();
            Span<byte> buffer = stackalloc byte[8192];
            while (text.Length < MaxBytes)
            {
                // One record a read; EAGAIN at the end; EPIPE when records were overwritten meanwhile.
                var read = (int)DescriptorCalls.Read(descriptor, buffer);
                if (read > 0)
                {
                    text.Append(Encoding.UTF8.GetString(buffer[..read]));
                }
                else if (read == 0 || Errno.Last != Errno.BrokenPipe)
                {
                    break;
                }
            }

            return text.ToString();
        }
        finally
        {
            _ = OpenCalls.Close(descriptor);
        }
    }
}

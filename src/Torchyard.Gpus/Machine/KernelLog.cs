using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Torchyard.Gpus.Machine;

/// <summary>An error that a GPU reported to the kernel.</summary>
/// <param name="PciAddress">Which GPU, e.g. <c>0000:18:00</c>.</param>
/// <param name="Code">Xid number.</param>
internal sealed record XidError(string PciAddress, int Code);

/// <summary>The kernel's log (<c>/dev/kmsg</c>), read without waiting for new messages.</summary>
internal static partial class KernelLog
{
    private const int MaxBytes = 8 << 20;
    private const int OpenNonBlocking = 0x800;
    private const int OpenCloseOnExec = 0x80000;
    private const int BrokenPipe = 32;

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
                continue;
            var rest = line[(at + mark.Length)..];
            var close = rest.IndexOf("): ", StringComparison.Ordinal);
            if (close < 0)
                continue;
            var number = rest[(close + 3)..];
            var end = number.IndexOfAnyExceptInRange('0', '9');
            if (int.TryParse(end < 0 ? number : number[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var code))
                found.Add(new XidError(rest[..close].ToString(), code));
        }

        return found;
    }

    private static unsafe string? ReadLive()
    {
        var descriptor = Open("/dev/kmsg", OpenNonBlocking | OpenCloseOnExec);
        if (descriptor < 0)
            return null;
        try
        {
            var text = new StringBuilder();
            var buffer = stackalloc byte[8192];
            while (text.Length < MaxBytes)
            {
                // One record a read; EAGAIN at the end; EPIPE when records were overwritten meanwhile.
                var read = Read(descriptor, buffer, 8192);
                if (read > 0)
                    text.Append(Encoding.UTF8.GetString(buffer, (int)read));
                else if (read == 0 || Marshal.GetLastPInvokeError() != BrokenPipe)
                    break;
            }

            return text.ToString();
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint Read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}

using System.Globalization;

namespace Torchyard.Containers.Network;

/// <summary>Finds the program that holds a port, as far as this user may look.</summary>
internal static class SocketHolder
{
    /// <summary>Program and process id, or null.</summary>
    /// <param name="table">/proc/net/tcp and its kin (proc_pid_net(5)).</param>
    /// <param name="port">Local port.</param>
    public static string? Find(string table, int port)
    {
        try
        {
            return File.Exists(table) && Inode(File.ReadLines(table), port) is { } inode ? ProcessWith(inode) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Inode of the listening socket on a port: local address in field 1 as hex, state in field 3, inode in field 9.</summary>
    internal static string? Inode(IEnumerable<string> lines, int port)
    {
        const string Listening = "0A";
        const string UdpUnconnected = "07";
        var suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        foreach (var line in lines)
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (
                fields.Length > 9
                && fields[1].EndsWith(suffix, StringComparison.Ordinal)
                && fields[3] is Listening or UdpUnconnected
                && fields[9] != "0"
            )
            {
                return fields[9];
            }
        }

        return null;
    }

    private static string? ProcessWith(string inode)
    {
        var wanted = $"socket:[{inode}]";
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            var id = Path.GetFileName(process);
            if (!char.IsAsciiDigit(id[0]))
            {
                continue;
            }

            try
            {
                if (Directory.EnumerateFiles(process + "/fd").Any(f => new FileInfo(f).LinkTarget == wanted))
                {
                    return $"{File.ReadAllText(process + "/comm").Trim()} (process {id})";
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Another user's process, or one that just ended.
            }
        }

        return null;
    }
}

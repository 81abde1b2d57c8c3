using System.Globalization;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// A user namespace that only carries a mapping for idmapped mounts (mount_setattr(2)); needs the machine's root. The namespace lives as
/// long as its descriptor, the process that it was made in is gone before that.
/// </summary>
internal sealed class IdMapNamespace : IDisposable
{
    private IdMapNamespace(int descriptor) => Descriptor = descriptor;

    /// <summary>The open namespace file.</summary>
    public int Descriptor { get; }

    /// <summary>Makes one.</summary>
    /// <exception cref="IOException">The machine does not let this process make it.</exception>
    public static IdMapNamespace Create(IdMapping ids)
    {
        // A program with threads may not make a user namespace for itself (unshare(2)).
        var start = HostProcess.Prepare(HostProgram.Require("unshare"), "/", "--user", "--", HostProgram.Require("cat").Path);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using var holder = HostProcess.Start(start);
        try
        {
            holder.StandardInput.BaseStream.Write("."u8);
            holder.StandardInput.BaseStream.Flush();
            if (holder.StandardOutput.BaseStream.ReadByte() < 0)
            {
                HostProcess.Wait(holder, ProgramBounds.Answer, "unshare");
                throw new IOException("unshare: " + HostProcess.RemainderAsync(holder.StandardError).GetAwaiter().GetResult().Trim());
            }

            var process = string.Create(CultureInfo.InvariantCulture, $"/proc/{holder.Id}/");
            File.WriteAllText(process + "uid_map", Rows(ids.Uids));
            File.WriteAllText(process + "gid_map", Rows(ids.Gids));
            var descriptor = OpenCalls.OpenDescriptor(process + "ns/user", OpenFlags.CloseOnExec);
            return descriptor >= 0 ? new IdMapNamespace(descriptor) : throw new IOException("user namespace: " + Errno.Text(Errno.Last));
        }
        finally
        {
            holder.Kill();
        }
    }

    /// <inheritdoc />
    public void Dispose() => _ = OpenCalls.Close(Descriptor);

    /// <summary>The text of uid_map (user_namespaces(7)).</summary>
    private static string Rows(IReadOnlyList<IdRange> ranges) =>
        string.Concat(
            ranges.Select(range => string.Create(CultureInfo.InvariantCulture, $"{range.Inside} {range.Outside} {range.Count}\n"))
        );
}

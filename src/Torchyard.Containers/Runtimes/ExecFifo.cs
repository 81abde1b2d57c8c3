using Microsoft.Win32.SafeHandles;
using Torchyard.Containers.Native;

namespace Torchyard.Containers.Runtimes;

/// <summary>
/// Lets a container that crun has created go, as <c>crun start</c> does and without its 8 ms: its first process waits for a byte on a
/// FIFO in the runtime's state, <c>ROOT/ID/exec.fifo</c> (libcrun/status.c, libcrun_status_write_exec_fifo, the same since crun 0.1).
/// </summary>
internal static class ExecFifo
{
    private const int WriteOnly = 0x1;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;

    /// <summary>Writes the byte.</summary>
    /// <param name="runtimeState">The runtime's <c>--root</c>.</param>
    /// <param name="id">The container.</param>
    /// <returns>False when nothing was done, and the runtime has to be asked: no FIFO, nobody who reads it, or it is another id's.</returns>
    public static bool TryWrite(string runtimeState, string id)
    {
        var path = Path.Combine(runtimeState, id, "exec.fifo");
        // Without a reader such an open fails (fifo(7)), so a process that does not wait here is never taken for started.
        var descriptor = Libc.Open(path, WriteOnly | NonBlocking | CloseOnExec);
        if (descriptor < 0)
        {
            return false;
        }

        using var fifo = new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Write, bufferSize: 0);
        // First, as crun does: the FIFO is how it tells a created container from a running one.
        File.Delete(path);
        fifo.WriteByte(0);
        return true;
    }
}

using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Runtimes;

/// <summary>
/// Lets a container that crun has created go, as <c>crun start</c> does and without its 8 ms: its first process waits for a byte on a
/// FIFO in the runtime's state, <c>ROOT/ID/exec.fifo</c> (libcrun/status.c, libcrun_status_write_exec_fifo, the same since crun 0.1).
/// </summary>
internal static class ExecFifo
{
    /// <summary>Writes the byte.</summary>
    /// <param name="runtimeState">The runtime's <c>--root</c>.</param>
    /// <param name="id">The container.</param>
    /// <returns>False when nothing was done, and the runtime has to be asked: no FIFO, nobody who reads it, or it is another
    /// id's.</returns>
    public static bool TryWrite(string runtimeState, string id)
    {
        var path = Path.Combine(runtimeState, id, "exec.fifo");
        // Without a reader such an open fails (fifo(7)), so a process that does not wait here is never taken for started.
        using var opened = OpenCalls.Open(path, OpenFlags.WriteOnly | OpenFlags.NonBlocking | OpenFlags.CloseOnExec);
        if (opened.IsInvalid)
        {
            return false;
        }

        using var fifo = new FileStream(opened, FileAccess.Write, bufferSize: 0);
        // First, as crun does: the FIFO is how it tells a created container from a running one.
        File.Delete(path);
        fifo.WriteByte(0);
        return true;
    }
}

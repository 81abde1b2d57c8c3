using System.Runtime.InteropServices;

namespace Torchyard.Supervisor.Native;

/// <summary>A system call failed.</summary>
/// <param name="error">errno.</param>
/// <param name="what">What was tried, to which path.</param>
internal sealed class PosixException(int error, string what) : Exception($"{what}: {Marshal.GetPInvokeErrorMessage(error)}")
{
    public int Error { get; } = error;

    /// <summary>The failure of the call that was made last.</summary>
    public static PosixException Last(string what) => new(Marshal.GetLastPInvokeError(), what);
}

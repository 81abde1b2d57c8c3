namespace Torchyard.Supervisor.Native;

/// <summary>How a process ended, from the status of waitpid(2).</summary>
/// <param name="Raw">The status.</param>
internal readonly record struct ExitStatus(int Raw)
{
    private int Signal => Raw & 0x7f;

    /// <summary>The exit code as shells give it: 128 + n for signal n.</summary>
    public int Code => Signal == 0 ? (Raw >> 8) & 0xff : 128 + Signal;

    public override string ToString() => Signal == 0 ? $"exit code {Code}" : $"signal {Signals.Name(Signal)}";
}

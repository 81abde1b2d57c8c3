using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Terminals;

/// <summary>Raw mode of the caller's terminal (termios(3)); disposing gives it back as it was.</summary>
internal sealed unsafe class TerminalMode : IDisposable
{
    private readonly byte[] _before;
    private readonly int _descriptor;

    private TerminalMode(int descriptor, byte[] before)
    {
        _descriptor = descriptor;
        _before = before;
    }

    /// <summary>Switches a terminal to raw mode; null when the descriptor is none.</summary>
    public static TerminalMode? MakeRaw(int descriptor)
    {
        var before = new byte[TerminalCalls.AttributesSize];
        var raw = new byte[TerminalCalls.AttributesSize];
        fixed (byte* saved = before)
        fixed (byte* changed = raw)
        {
            if (TerminalCalls.GetAttributes(descriptor, saved) != 0)
            {
                return null;
            }

            before.CopyTo(raw, 0);
            TerminalCalls.MakeRaw(changed);
            return TerminalCalls.SetAttributes(descriptor, changed) == 0 ? new TerminalMode(descriptor, before) : null;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        fixed (byte* saved = _before)
        {
            _ = TerminalCalls.SetAttributes(_descriptor, saved);
        }
    }
}

using Torchyard.Platform.Linux;

namespace Torchyard.Terminal;

/// <summary>A terminal that shows nothing of what is typed (termios(3), ECHO), until this is disposed of.</summary>
internal sealed unsafe class HiddenInput : IDisposable
{
    // c_lflag stands behind c_iflag, c_oflag and c_cflag, each of 4 bytes, in every C library of Linux.
    private const int LocalFlags = 12;
    private const byte Echo = 0x08;

    private readonly int _descriptor;
    private readonly byte[] _before;

    private HiddenInput(int descriptor, byte[] before) => (_descriptor, _before) = (descriptor, before);

    /// <summary>Begins; null where there is no terminal.</summary>
    public static HiddenInput? Begin(int descriptor)
    {
        var before = new byte[TerminalCalls.AttributesSize];
        fixed (byte* attributes = before)
        {
            if (TerminalCalls.GetAttributes(descriptor, attributes) != 0)
            {
                return null;
            }
        }

        var hidden = before.ToArray();
        hidden[LocalFlags] &= unchecked((byte)~Echo);
        fixed (byte* attributes = hidden)
        {
            _ = TerminalCalls.SetAttributes(descriptor, attributes);
        }

        return new HiddenInput(descriptor, before);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        fixed (byte* attributes = _before)
        {
            _ = TerminalCalls.SetAttributes(_descriptor, attributes);
        }
    }
}

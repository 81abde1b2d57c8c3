using System.Runtime.InteropServices;

namespace Torchyard.Platform.Linux;

/// <summary>The number of a handle, which stays open while a call uses it.</summary>
internal readonly ref struct LentDescriptor : IDisposable
{
    private readonly SafeHandle _handle;

    public LentDescriptor(SafeHandle handle)
    {
        var lent = false;
        handle.DangerousAddRef(ref lent);
        _handle = handle;
        Number = (int)handle.DangerousGetHandle();
    }

    /// <summary>The descriptor.</summary>
    public int Number { get; }

    /// <inheritdoc />
    public void Dispose() => _handle.DangerousRelease();
}

using System.Runtime.InteropServices;

namespace Torchyard.Gpus.Native;

/// <summary>A shared library that was loaded late, and the symbols looked up in it. A missing symbol is address 0.</summary>
internal sealed class NativeSymbols
{
    private readonly nint _handle;

    private NativeSymbols(string path, nint handle) => (Path, _handle) = (path, handle);

    /// <summary>The file that was loaded.</summary>
    public string Path { get; }

    /// <summary>
    /// Loads a library by absolute path. It stays loaded for the life of the process, so that libraries which ask for it by its
    /// SONAME later (cuBLASLt and NCCL do that with the driver) get this one.
    /// </summary>
    public static NativeSymbols? TryLoad(string path) =>
        NativeLibrary.TryLoad(path, out var handle) ? new NativeSymbols(path, handle) : null;

    /// <summary>Address of a symbol, or 0.</summary>
    public nint Find(string name) => NativeLibrary.TryGetExport(_handle, name, out var address) ? address : 0;

    /// <summary>Address of the first symbol that exists, newest name first, or 0.</summary>
    public nint FindFirst(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Find(name) is not 0 and var address)
                return address;
        }

        return 0;
    }

    /// <summary>Address of a symbol without which the library is of no use; its name is noted when it is missing.</summary>
    public nint Need(string name, List<string> missing)
    {
        var address = Find(name);
        if (address == 0)
            missing.Add(name);
        return address;
    }
}

using System.Reflection;
using System.Runtime.InteropServices;
using Torchyard.Platform.Errors;

namespace Torchyard.Platform.Compression.Interop;

/// <summary>
/// Finds liblzma and libzstd where they are shared libraries: beside the program first, because that version is the pinned one, then on the
/// system. In a Native AOT program both are linked in and nothing here is asked.
/// </summary>
internal static class NativeCompressors
{
    private static readonly Lock Gate = new();
    private static bool _registered;

    internal static void Register()
    {
        lock (Gate)
        {
            if (!_registered)
            {
                NativeLibrary.SetDllImportResolver(typeof(NativeCompressors).Assembly, Resolve);
                _registered = true;
            }
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        var file = name switch
        {
            "lzma" => "liblzma.so.5",
            "zstd" => "libzstd.so.1",
            _ => null,
        };
        if (file is null)
        {
            return 0;
        }

        if (NativeLibrary.TryLoad(Path.Combine(AppContext.BaseDirectory, file), out var handle) || NativeLibrary.TryLoad(file, out handle))
        {
            return handle;
        }

        var package = name == "lzma" ? "liblzma5 (RHEL: xz-libs)" : "libzstd1 (RHEL: libzstd)";
        throw new TorchyardException(
            "TY9101",
            $"{file} was found neither beside the program nor on the system",
            $"install the package {package}, or use the released program, which has it built in"
        );
    }
}

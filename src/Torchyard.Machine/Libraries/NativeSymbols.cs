using System.Runtime.InteropServices;
using Torchyard.Platform.Processes;

namespace Torchyard.Machine.Libraries;

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
    /// <param name="path">Absolute path.</param>
    /// <param name="problem">The linker's words when it cannot be loaded, else empty.</param>
    public static NativeSymbols? TryLoad(string path, out string problem)
    {
        problem = HostLibrary.Refusal(path) ?? "";
        if (problem.Length > 0)
        {
            return null;
        }

        try
        {
            return new NativeSymbols(path, NativeLibrary.Load(path));
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            problem = LinkerWords(path, e.Message);
            return null;
        }
    }

    /// <summary>The line of dlerror(3) out of the runtime's longer message.</summary>
    private static string LinkerWords(string path, string message)
    {
        // The first line is the runtime's own; a missing symbol version is told as "libc.so.6: version … not found (required by PATH)".
        var line = message
            .Split('\n')
            .Skip(1)
            .Select(l => l.Trim())
            .FirstOrDefault(l => l.Contains(": ", StringComparison.Ordinal) && l.Contains(path, StringComparison.Ordinal));
        return line is null ? $"{path} cannot be loaded" : $"{path} cannot be loaded: {line}";
    }

    /// <summary>Address of a symbol, or 0.</summary>
    public nint Find(string name) => NativeLibrary.TryGetExport(_handle, name, out var address) ? address : 0;

    /// <summary>Address of the first symbol that exists, newest name first, or 0.</summary>
    public nint FindFirst(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Find(name) is not 0 and var address)
            {
                return address;
            }
        }

        return 0;
    }

    /// <summary>Address of a symbol without which the library is of no use; its name is noted when it is missing.</summary>
    public nint Need(string name, List<string> missing)
    {
        var address = Find(name);
        if (address == 0)
        {
            missing.Add(name);
        }

        return address;
    }
}

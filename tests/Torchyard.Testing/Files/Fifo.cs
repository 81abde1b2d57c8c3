using System.Runtime.InteropServices;

namespace Torchyard.Testing.Files;

/// <summary>Named pipes, which the framework cannot make.</summary>
public static partial class Fifo
{
    /// <summary>Makes one that everybody may open.</summary>
    public static void Make(string path) => Assert.Equal(0, MakeFifo(path, 0b110_110_110));

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFifo(string path, uint mode);
}

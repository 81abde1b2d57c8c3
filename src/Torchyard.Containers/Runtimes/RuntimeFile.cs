using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Runtimes;

/// <summary>Files that a runtime writes for this program.</summary>
internal static class RuntimeFile
{
    /// <summary>Makes an empty file that the caller can read, whoever writes it afterwards.</summary>
    public static void Create(string path)
    {
        File.WriteAllBytes(path, []);
        File.SetUnixFileMode(path, (UnixFileMode)FileModes.Readable);
    }
}

namespace Torchyard.Fuzz.Engine;

/// <summary>A file for parsers that read files, in memory where the machine has such a place.</summary>
internal static class InputFile
{
    private static readonly string Directory = Make();

    /// <summary>Writes an input and returns its path; the next input takes its place.</summary>
    public static string Write(ReadOnlySpan<byte> input, string name = "input")
    {
        var path = Path.Combine(Directory, name);
        File.WriteAllBytes(path, input);
        return path;
    }

    /// <summary>An empty directory; the next one takes its place.</summary>
    public static string EmptyDirectory()
    {
        var path = Path.Combine(Directory, "empty");
        if (System.IO.Directory.Exists(path))
        {
            System.IO.Directory.Delete(path, recursive: true);
        }

        return System.IO.Directory.CreateDirectory(path).FullName;
    }

    private static string Make()
    {
        var parent = System.IO.Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        var path = Path.Combine(parent, $"torchyard-fuzz-{Environment.ProcessId}-{Guid.NewGuid():N}");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.Directory.Delete(path, recursive: true);
        return System.IO.Directory.CreateDirectory(path).FullName;
    }
}

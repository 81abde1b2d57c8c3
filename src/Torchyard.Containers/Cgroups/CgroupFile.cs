using System.Text;

namespace Torchyard.Containers.Cgroups;

/// <summary>Writes the kernel's files of a cgroup.</summary>
internal static class CgroupFile
{
    /// <summary>Writes a value.</summary>
    /// <returns>Why the kernel refused it, or null.</returns>
    public static string? Write(string path, string value)
    {
        try
        {
            // File.WriteAllText truncates, which some cgroup files refuse.
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            stream.Write(Encoding.ASCII.GetBytes(value));
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"{path} refused '{value}': {error.Message}";
        }
    }
}

using Torchyard.Images.Environments;

namespace Torchyard.Flows.Starting;

/// <summary>Makes the directory of the host that an environment has as <see cref="ProjectPython.Root"/>.</summary>
internal static class ProjectPythonDirectory
{
    /// <summary>Makes it if it is not there yet; it appears whole, by rename.</summary>
    /// <param name="python">The image's Python.</param>
    /// <param name="directory">The directory.</param>
    public static void Ensure(ProjectPython python, string directory)
    {
        if (Directory.Exists(directory))
        {
            return;
        }

        var fresh = directory + ".new";
        if (Directory.Exists(fresh))
        {
            Directory.Delete(fresh, recursive: true);
        }

        foreach (var entry in python.Skeleton)
        {
            var path = fresh + entry.Path[ProjectPython.Root.Length..];
            if (entry.LinkTarget is { } target)
            {
                File.CreateSymbolicLink(path, target);
                continue;
            }

            if (entry.Content is { } content)
            {
                File.WriteAllBytes(path, content.Span);
            }
            else
            {
                Directory.CreateDirectory(path);
            }

            // Whatever the umask is.
            File.SetUnixFileMode(path, entry.Mode);
        }

        Directory.Move(fresh, directory);
    }
}

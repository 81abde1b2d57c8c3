using System.Text;

namespace Torchyard.Containers.Launch;

/// <summary>Reads a small file of an image out of its layers without mounting them.</summary>
internal static class LayerFile
{
    private const int MaximumBytes = 4 << 20;

    /// <summary>
    /// Lines of a file, from the topmost layer that has it. Links and special files count as missing: a layer is untrusted, and a link
    /// could lead out of it. Character devices are overlay whiteouts.
    /// </summary>
    /// <param name="layers">Layer directories, top first.</param>
    /// <param name="directory">Directory inside, e.g. <c>etc</c>.</param>
    /// <param name="name">File name.</param>
    public static IReadOnlyList<string> ReadLines(IReadOnlyList<string> layers, string directory, string name)
    {
        foreach (var layer in layers)
        {
            var parent = new DirectoryInfo(Path.Combine(layer, directory));
            if (!parent.Exists || parent.LinkTarget is not null)
            {
                continue;
            }

            var file = new FileInfo(Path.Combine(parent.FullName, name));
            if (file.LinkTarget is not null)
            {
                return [];
            }

            if (file.Exists)
            {
                return Read(file);
            }
        }

        return [];
    }

    private static string[] Read(FileInfo file)
    {
        try
        {
            using var stream = file.OpenRead();
            var buffer = new byte[Math.Min(stream.Length, MaximumBytes)];
            var read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return Encoding.UTF8.GetString(buffer, 0, read).Split('\n');
        }
        catch (IOException)
        {
            // A whiteout: device 0:0 cannot be opened, and the file is gone from the image.
            return [];
        }
    }
}

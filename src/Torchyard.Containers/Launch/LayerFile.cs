using Torchyard.Platform.Files;

namespace Torchyard.Containers.Launch;

/// <summary>Reads a small file of an image out of its layers without mounting them, or of a running container.</summary>
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
            using var root = ConfinedDirectory.TryOpen(layer);
            if (root?.Status(directory) is { IsDirectory: true } && root.Status($"{directory}/{name}") is { } file)
            {
                return file.IsRegular ? ReadLines(root, $"{directory}/{name}") : [];
            }
        }

        return [];
    }

    /// <summary>Lines of a file that a process sees, who may change it meanwhile; none when there is no such file.</summary>
    /// <param name="root">The root of the process.</param>
    /// <param name="path">The file.</param>
    public static IReadOnlyList<string> ReadLines(ConfinedDirectory root, string path) =>
        root.ReadText(path, MaximumBytes)?.Split('\n') ?? [];
}

using Torchyard.Images.Layers;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Launch;

/// <summary>The accounts of a container: <c>/etc/passwd</c> and <c>/etc/group</c>, which anybody may have made.</summary>
/// <param name="Users">Lines of passwd(5); none when there is no such regular file.</param>
/// <param name="Groups">Lines of group(5).</param>
internal sealed record ContainerAccounts(IReadOnlyList<string> Users, IReadOnlyList<string> Groups)
{
    private const int MaximumBytes = 4 << 20;

    /// <summary>Those of an image, without mounting it.</summary>
    /// <param name="layers">Layer directories, top first.</param>
    public static ContainerAccounts OfImage(IReadOnlyList<string> layers)
    {
        using var image = new ImageRoot(layers);
        return new ContainerAccounts(image.ReadLines("/etc/passwd", MaximumBytes), image.ReadLines("/etc/group", MaximumBytes));
    }

    /// <summary>Those that a process sees, who may change them meanwhile.</summary>
    /// <param name="root">The root of the process.</param>
    public static ContainerAccounts OfProcess(ConfinedDirectory root) => new(Lines(root, "etc/passwd"), Lines(root, "etc/group"));

    private static string[] Lines(ConfinedDirectory root, string path) => root.ReadText(path, MaximumBytes)?.Split('\n') ?? [];
}

using Torchyard.Images.Layers;
using Torchyard.Platform.Linux;

namespace Torchyard.Flows.Starting;

/// <summary>The home directory of an environment's user, which the project keeps.</summary>
internal static class HomeDirectory
{
    private const string Skeleton = "/etc/skel";
    private const int LargestFile = 16 << 20;

    /// <summary>
    /// Makes it if it is not there yet, as useradd does: with the files of the image's skeleton. It appears whole, by rename.
    /// </summary>
    /// <param name="directory">Where.</param>
    /// <param name="image">The image's files.</param>
    public static void Ensure(string directory, ImageRoot image)
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

        Directory.CreateDirectory(fresh);
        foreach (var name in image.List(Skeleton))
        {
            var inside = $"{Skeleton}/{name}";
            if (image.Status(inside) is { IsRegular: true } file && image.Read(inside, LargestFile) is { } content)
            {
                var place = Path.Combine(fresh, name);
                File.WriteAllBytes(place, content);
                File.SetUnixFileMode(place, (UnixFileMode)(file.Permissions & FileModes.Everything));
            }
        }

        Directory.Move(fresh, directory);
    }
}

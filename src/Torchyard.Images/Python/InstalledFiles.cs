using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Python;

/// <summary>Writes what a wheel installs as plain files, where no layer is made of it.</summary>
internal static class InstalledFiles
{
    /// <summary>Writes all files of a plan below a directory; the hashes of RECORD are checked.</summary>
    /// <exception cref="InvalidDataException">A file is not what RECORD says.</exception>
    internal static void Write(InstallPlan plan, string root)
    {
        foreach (var planned in plan.Files)
        {
            var target = Path.Combine(root, planned.Path);
            MakeDirectory(Path.GetDirectoryName(target)!);
            using var content = planned.Content is { } made
                ? new MemoryStream(made.ToArray(), writable: false)
                : new WheelLayerFile(plan, planned).Open(mounted: null, carried: false);
            using (var output = File.Create(target))
            {
                content.CopyTo(output);
            }

            File.SetUnixFileMode(target, planned.Executable ? (UnixFileMode)FileModes.Executable : (UnixFileMode)FileModes.Readable);
        }
    }

    /// <summary>Makes a directory, and those above it, that everybody may read.</summary>
    internal static void MakeDirectory(string path)
    {
        if (!Directory.Exists(path))
        {
            MakeDirectory(Path.GetDirectoryName(path)!);
            Directory.CreateDirectory(path);
            File.SetUnixFileMode(path, (UnixFileMode)FileModes.Directory);
        }
    }
}

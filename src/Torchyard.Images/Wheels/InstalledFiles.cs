using Torchyard.Packages.Python.Wheels;

namespace Torchyard.Images.Wheels;

/// <summary>Writes what a wheel installs as plain files, where no layer is made of it.</summary>
internal static class InstalledFiles
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Mode of directories and programs, whatever the caller's umask is.</summary>
    internal const UnixFileMode Executable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

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

            File.SetUnixFileMode(target, planned.Executable ? Executable : Readable);
        }
    }

    /// <summary>Makes a directory, and those above it, that everybody may read.</summary>
    internal static void MakeDirectory(string path)
    {
        if (!Directory.Exists(path))
        {
            MakeDirectory(Path.GetDirectoryName(path)!);
            Directory.CreateDirectory(path);
            File.SetUnixFileMode(path, Executable);
        }
    }
}

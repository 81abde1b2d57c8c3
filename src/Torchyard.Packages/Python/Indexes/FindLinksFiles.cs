using Torchyard.Packages.Python.Names;
using Torchyard.Platform.Files;

namespace Torchyard.Packages.Python.Indexes;

/// <summary>Wheels and source distributions in find-links directories.</summary>
internal static class FindLinksFiles
{
    /// <summary>True for the name of a file of a project.</summary>
    public static bool IsOf(string filename, string name) =>
        WheelFileName.TryParse(filename, out var wheel) ? wheel.Name == name : SourceArchiveName.TryParse(filename, name, out _);

    /// <summary>The files of a project, by file name.</summary>
    /// <param name="directories">The directories, absolute.</param>
    /// <param name="name">Normalised project name.</param>
    /// <param name="require">Refuses the real path of a file that may not be read.</param>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY2519: a directory does not exist.</exception>
    public static IReadOnlyList<ProjectFile> Find(IReadOnlyList<string> directories, string name, Action<string> require)
    {
        var files = new List<ProjectFile>();
        foreach (var directory in directories)
        {
            if (!Directory.Exists(directory))
            {
                throw new Torchyard.Platform.Errors.TorchyardException(
                    "TY2519",
                    $"find-links names '{directory}', which is not a directory",
                    "correct 'find-links' of [python] or --find-links of the requirement file: "
                        + "a directory, or the https:// address of a page"
                );
            }

            foreach (var path in Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal))
            {
                var filename = Path.GetFileName(path);
                if (IsOf(filename, name))
                {
                    require(RealPath.Of(Path.GetFullPath(path)));
                    files.Add(
                        new ProjectFile
                        {
                            Filename = filename,
                            Url = new Uri(Path.GetFullPath(path)),
                            Size = new FileInfo(path).Length,
                        }
                    );
                }
            }
        }

        return files;
    }
}

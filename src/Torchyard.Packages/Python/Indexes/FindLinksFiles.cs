using Torchyard.Packages.Python.Names;

namespace Torchyard.Packages.Python.Indexes;

/// <summary>Wheels and source distributions in find-links directories.</summary>
internal static class FindLinksFiles
{
    /// <summary>The files of a project, by file name.</summary>
    /// <exception cref="Torchyard.Platform.TorchyardException">TY2519: a directory does not exist.</exception>
    public static IReadOnlyList<ProjectFile> Find(IReadOnlyList<string> directories, string name)
    {
        var files = new List<ProjectFile>();
        foreach (var directory in directories)
        {
            if (!Directory.Exists(directory))
            {
                throw new Torchyard.Platform.TorchyardException(
                    "TY2519", $"find-links names '{directory}', which is no directory", "Correct 'find-links' of [python]; pages of links are not read");
            }

            foreach (var path in Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal))
            {
                var filename = Path.GetFileName(path);
                if (WheelFileName.TryParse(filename, out var wheel) ? wheel.Name == name : SourceArchiveName.TryParse(filename, name, out _))
                {
                    files.Add(new ProjectFile { Filename = filename, Url = new Uri(Path.GetFullPath(path)), Size = new FileInfo(path).Length });
                }
            }
        }

        return files;
    }
}

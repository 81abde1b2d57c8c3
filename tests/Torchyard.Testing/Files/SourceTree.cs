namespace Torchyard.Testing.Files;

/// <summary>The repository that the tests were built from.</summary>
public static class SourceTree
{
    /// <summary>Its root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Full path of a file or directory.</summary>
    /// <param name="path">Path from the root.</param>
    public static string At(string path) => Path.Combine(Root, path);

    /// <summary>C# files below a folder, without what the build makes, as paths from the root.</summary>
    /// <param name="folder">Folder, from the root.</param>
    public static IEnumerable<string> Files(string folder) =>
        Directory
            .EnumerateFiles(At(folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal));

    /// <summary>Text of a file.</summary>
    /// <param name="file">Path from the root.</param>
    public static string Read(string file) => File.ReadAllText(At(file));

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Torchyard.slnx")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("the tests do not run inside the source tree");
        }

        return directory.FullName;
    }
}

namespace Torchyard.Architecture;

/// <summary>A file that names a type of another folder.</summary>
/// <param name="File">Path from the root of the repository.</param>
/// <param name="Type">The type.</param>
/// <param name="Declared">Path of the file that declares it.</param>
internal sealed record Arrow(string File, string Type, string Declared)
{
    /// <summary>The project that uses.</summary>
    public string Project => ProjectOf(File);

    /// <summary>The project that is used.</summary>
    public string UsedProject => ProjectOf(Declared);

    /// <summary>The folder that uses, with its project.</summary>
    public string Folder => FolderOf(File);

    /// <summary>The folder that is used, with its project.</summary>
    public string UsedFolder => FolderOf(Declared);

    /// <summary>Project of a file below src/.</summary>
    public static string ProjectOf(string file) => file.Split('/')[1];

    /// <summary>Folder of a file below src/, with its project.</summary>
    public static string FolderOf(string file) => Path.GetDirectoryName(file)!["src/".Length..];
}

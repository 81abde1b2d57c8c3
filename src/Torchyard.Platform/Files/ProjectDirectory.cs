using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Files;

/// <summary>
/// Writes files into a project's directory, which may be a clone of somebody else's: no link in it leads a write out, and a file that is
/// there stays its owner's, also when root writes it.
/// </summary>
public static class ProjectDirectory
{
    /// <summary>True where something of a name is, also a link that leads nowhere.</summary>
    /// <param name="directory">The project, absolute.</param>
    /// <param name="name">Path from there.</param>
    public static bool Has(string directory, string name)
    {
        using var root = Open(directory);
        return root.Status(name) is not null;
    }

    /// <summary>Writes files, each in one step; directories on the way are made, those of all files before the first is written.</summary>
    /// <param name="directory">The project, absolute.</param>
    /// <param name="files">Paths from there, each with its text.</param>
    /// <exception cref="TorchyardException">TY9025: a directory on the way is a link.</exception>
    public static void Write(string directory, params IReadOnlyList<(string Name, string Text)> files)
    {
        using var root = Open(directory);
        foreach (var (name, _) in files)
        {
            for (var slash = name.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = name.IndexOf('/', slash + 1))
            {
                root.MakeDirectory(name[..slash], FileModes.Directory);
            }
        }

        foreach (var (name, text) in files)
        {
            root.Replace(name, Encoding.UTF8.GetBytes(text));
        }
    }

    private static ConfinedDirectory Open(string directory) => ConfinedDirectory.Open(RealPath.Of(directory));
}

namespace Torchyard.Flows.Importing;

/// <summary>Files of the project as commands of a Dockerfile name them.</summary>
/// <param name="import">The translation.</param>
/// <param name="context">Where files of the project are.</param>
internal sealed class InsideFiles(Import import, DockerContext context)
{
    /// <summary>The project itself is installed: what it needs becomes part of the recipe.</summary>
    /// <param name="place">File and line.</param>
    /// <param name="text">The command.</param>
    /// <param name="extras">Extras that are asked for.</param>
    /// <param name="directory">Where it is, as the command has it.</param>
    public void AddProject(string place, string text, IReadOnlyList<string> extras, string directory = ".")
    {
        var bare = directory.Split('[')[0];
        var inProject = context.SourceOf(bare) ?? (bare is "." or "./" ? "." : bare.TrimStart('/'));
        var file = Path.Combine(import.Files.Directory, inProject, "pyproject.toml");
        if (!import.Files.IsOutside(file) && File.Exists(file))
        {
            import.Became(place, text, "python.pyproject", "what the project needs; it is itself in /workspace");
            ProjectImport.Add(import, file, extras);
        }
        else
        {
            import.Gap(
                place,
                text,
                "the project itself is in /workspace, and a setup.py is not run: name what it needs in python.packages, and run "
                    + "'pip install -e .' in the environment"
            );
        }
    }

    /// <summary>Extras behind a directory, <c>.[dev,test]</c>.</summary>
    public static string[] ExtrasOf(string text) =>
        text.EndsWith(']') && text.IndexOf('[') is >= 0 and var open
            ? text[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            : [];

    /// <summary>True for a directory of the project.</summary>
    public bool IsDirectory(string word)
    {
        var path = Path.Combine(import.Files.Directory, context.SourceOf(word) ?? word.TrimStart('/'));
        return !import.Files.IsOutside(path) && Directory.Exists(path);
    }

    /// <summary>The file of the project that a command inside reads; null where there is none.</summary>
    public string? Find(string inside)
    {
        foreach (var candidate in new[] { context.SourceOf(inside), inside.TrimStart('/'), Path.GetFileName(inside) })
        {
            if (string.IsNullOrEmpty(candidate))
            {
                continue;
            }

            var path = Path.GetFullPath(candidate, import.Files.Directory);
            if (!import.Files.IsOutside(path) && File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }
}

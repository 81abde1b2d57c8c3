using Torchyard.Packages.Python.Requirements;

namespace Torchyard.Flows.Importing;

/// <summary>A requirement file as part of a recipe: named as it is where all of it can be taken, else line by line.</summary>
internal static class RequirementsImport
{
    /// <summary>Adds a file.</summary>
    /// <param name="import">The translation.</param>
    /// <param name="path">Absolute path.</param>
    public static void Add(Import import, string path)
    {
        var shown = Path.GetRelativePath(import.Files.Directory, path);
        var read = new ForeignRequirements(import.Files);
        read.ReadFile(path, shown);
        foreach (var line in read.Set.Requirements)
        {
            if (line.Requirement is { } requirement)
            {
                import.Look(requirement);
            }
        }

        if (read.Refused.Count > 0 || !import.IsInProject)
        {
            import.AddRequirements(read, shown);
            return;
        }

        var named = import.Named(path);
        import.Draft.AddRequirementFile(named);
        import.Became(
            shown,
            Platform.Text.Count.Of(read.Set.Requirements.Count, "requirement"),
            $"python.requirements {named}",
            read.Set.Indexes.Count + read.Set.ExtraIndexes.Count > 0 ? "with the indexes that it names" : null
        );
    }
}

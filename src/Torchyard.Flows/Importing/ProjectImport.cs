using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Importing;

/// <summary>A <c>pyproject.toml</c> as part of a recipe.</summary>
internal static class ProjectImport
{
    private const int LargestFile = 4 << 20;

    /// <summary>Adds a file.</summary>
    /// <param name="import">The translation.</param>
    /// <param name="path">Absolute path.</param>
    /// <param name="extras">Extras that are asked for.</param>
    public static void Add(Import import, string path, IReadOnlyList<string> extras)
    {
        var shown = Path.GetRelativePath(import.Files.Directory, path);
        var project = ForeignProject.Parse(import.Files.Read(path, LargestFile), shown);
        if (project.Python is var (versions, line))
        {
            import.LookAtPython($"{shown}:{line}", $"requires-python {versions}", versions);
        }

        var read = new ForeignRequirements(import.Files);
        foreach (var requirement in project.Requirements)
        {
            read.ReadLine(requirement.Text, new SourceLocation(shown, requirement.Line, 1));
        }

        foreach (var requirement in read.Set.Requirements.Select(one => one.Requirement).OfType<Packages.Python.Markers.Requirement>())
        {
            import.Look(requirement);
        }

        var isNamed = project.IsPlain && import.IsInProject && read.Refused.Count == 0 && project.Refused.Count == 0;
        if (isNamed)
        {
            var named = import.Named(path);
            import.Draft.Pyproject = named;
            import.Draft.PyprojectExtras = [.. extras.Where(extra => project.Extras.Contains(extra))];
            import.Became(shown, Platform.Text.Count.Of(project.Requirements.Count, "requirement"), $"python.pyproject {named}");
        }
        else
        {
            import.AddRequirements(read, shown);
        }

        foreach (var (url, at) in project.Indexes)
        {
            import.AddIndex($"{shown}:{at}", url, isExtra: true);
        }

        foreach (var refused in project.Refused)
        {
            import.Gap(Import.At(refused.Place), refused.Text, Import.Reason(refused));
        }

        foreach (var left in project.Left)
        {
            import.Gap(Import.At(left.Place), left.Text, left.Why);
        }

        if (project.Requirements.Count + project.Refused.Count == 0 && !isNamed)
        {
            import.Gap(shown, "dependencies", "it names no package that the project needs: write them into python.packages");
        }

        Untaken(import, shown, "extra", [.. project.Extras.Where(extra => !isNamed || !extras.Contains(extra))], isNamed);
        Untaken(import, shown, "group", project.Groups, isNamed);
    }

    private static void Untaken(Import import, string shown, string kind, IReadOnlyList<string> names, bool isNamed)
    {
        if (names.Count > 0)
        {
            import.Gap(
                shown,
                $"{kind}s {string.Join(", ", names)}",
                isNamed
                    ? $"nobody asked for them; python.pyproject-{kind}s = [\"{names[0].Split(' ')[0]}\"] takes one"
                    : $"nobody asked for them; add what you need of them to python.packages"
            );
        }
    }
}

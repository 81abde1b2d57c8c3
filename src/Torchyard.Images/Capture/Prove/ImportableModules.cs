using Torchyard.Images.Capture.Python;

namespace Torchyard.Images.Capture.Prove;

/// <summary>The names by which a distribution is imported, from the list of its files.</summary>
internal static class ImportableModules
{
    // Of a distribution with very many, the first show whether it works.
    private const int Most = 8;

    // What many distributions install by mistake, and nobody imports.
    private static readonly HashSet<string> Beside = new(StringComparer.Ordinal)
    {
        "setup",
        "conftest",
        "test",
        "tests",
        "testing",
        "doc",
        "docs",
        "example",
        "examples",
        "scripts",
        "tools",
        "bench",
        "benchmark",
        "benchmarks",
        "bin",
        "src",
        "build",
    };

    /// <summary>The modules; none for what has none, such as libraries and editable installations.</summary>
    public static IReadOnlyList<string> Of(InstalledDistribution distribution)
    {
        var modules = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var file in distribution.Files)
        {
            if (Inside(distribution, file) is { } path && Name(path) is { } name && IsIdentifier(name) && !Beside.Contains(name))
            {
                modules.Add(name);
            }
        }

        // Names that begin with '_' are for the distribution itself, unless it has no others.
        var open = modules.Where(name => name[0] != '_').ToList();
        return [.. (open.Count > 0 ? open : [.. modules.Where(name => !name.StartsWith("__", StringComparison.Ordinal))]).Take(Most)];
    }

    /// <summary>The path inside its site directory; null for a file elsewhere.</summary>
    private static string? Inside(InstalledDistribution distribution, string file)
    {
        if (!distribution.IsConda)
        {
            var site = distribution.Origin[..(distribution.Origin.LastIndexOf('/') + 1)];
            return file.StartsWith(site, StringComparison.Ordinal) ? file[site.Length..] : null;
        }

        const string Site = "/site-packages/";
        return file.IndexOf(Site, StringComparison.Ordinal) is > 0 and var at ? file[(at + Site.Length)..] : null;
    }

    private static string? Name(string path) =>
        path.Split('/') switch
        {
            [var module] when module.EndsWith(".py", StringComparison.Ordinal) => module[..^3],
            [var library] when library.EndsWith(".so", StringComparison.Ordinal) => library[
                ..library.IndexOf('.', StringComparison.Ordinal)
            ],
            [var package, "__init__.py"] => package,
            _ => null,
        };

    private static bool IsIdentifier(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}

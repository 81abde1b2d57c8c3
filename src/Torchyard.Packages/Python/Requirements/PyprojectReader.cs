using Torchyard.Platform;
using Torchyard.Recipes.Toml;

namespace Torchyard.Packages.Python.Requirements;

/// <summary><c>[project] dependencies</c> and chosen <c>optional-dependencies</c> (packaging.python.org, "pyproject.toml specification").</summary>
internal static class PyprojectReader
{
    private const long SizeLimit = 4 << 20;

    /// <exception cref="TorchyardException">TY2512 with file, line and reason.</exception>
    public static IReadOnlyList<RequirementLine> Read(string file, IReadOnlyList<string> extras, string directory, RequirementFileReader reader)
    {
        var path = Path.GetFullPath(file, directory);
        if (!File.Exists(path) || new FileInfo(path).Length > SizeLimit)
        {
            throw RequirementProblem.Wrong(null, $"'{file}' is no file, or larger than 4 MiB", "Correct 'pyproject' of [python]");
        }

        var document = TomlDocument.Parse(File.ReadAllBytes(path), file, "TY2512", "correct the file");
        if (Find(document, "project") is not TomlTable project)
        {
            throw RequirementProblem.Wrong(
                new SourceLocation(file, 1, 1), "it has no [project] table", "Name a pyproject.toml with [project] dependencies, or use 'packages'");
        }

        if (Find(project, "dynamic") is TomlArray dynamic && dynamic.Items.OfType<TomlString>().Any(t => t.Value == "dependencies"))
        {
            throw RequirementProblem.Wrong(
                Place(file, dynamic), "its dependencies are dynamic: only its build backend knows them", "Write them to a requirement file and name that");
        }

        var lines = new List<RequirementLine>();
        void Add(TomlNode list)
        {
            foreach (var item in list is TomlArray array ? array.Items : [list])
            {
                lines.Add(item is TomlString text
                    ? reader.ReadOne(text.Value, Path.GetDirectoryName(path)!, Place(file, item))
                    : throw RequirementProblem.Wrong(Place(file, item), $"{item.Kind} where a requirement must be", "Write a list of texts"));
            }
        }

        if (Find(project, "dependencies") is { } dependencies)
        {
            Add(dependencies);
        }

        var optional = Find(project, "optional-dependencies") as TomlTable;
        foreach (var extra in extras)
        {
            Add((optional is null ? null : Find(optional, extra))
                ?? throw RequirementProblem.Wrong(Place(file, project), $"it has no extra '{extra}'", "Correct 'pyproject-extras' of [python]"));
        }

        return lines;
    }

    private static TomlNode? Find(TomlTable table, string key) => table.Entries.TryGetValue(key, out var entry) ? entry.Value : null;

    private static SourceLocation Place(string file, TomlNode node) => new(file, node.Line, node.Column);
}

using Torchyard.Packages.Errors;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Sources;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>
/// <c>[project] dependencies</c>, chosen <c>optional-dependencies</c> (packaging.python.org, "pyproject.toml specification") and
/// <c>[dependency-groups]</c> (PEP 735). Where a list names the project itself, as <c>all = ["me[gpu]"]</c> does, the lists of those extras
/// stand there: no index is asked for it, where anybody may have put something of that name.
/// </summary>
internal sealed class PyprojectReader
{
    private const int SizeLimit = 4 << 20;

    // Extras that name each other in many ways could give as many as anybody likes.
    private const int MostRequirements = 50_000;

    private readonly string _file;
    private readonly string _directory;
    private readonly TomlTable? _project;
    private readonly RequirementFileReader _reader;
    private readonly RequirementSet _set;
    private readonly List<(string Name, TomlNode List)> _extras;
    private readonly List<(string Name, TomlNode List)> _groups;

    // Lists that were taken, each with the condition under which it was, and those that are being taken.
    private readonly HashSet<(string List, string Marker)> _taken = [];
    private readonly List<string> _open = [];

    private PyprojectReader(string file, string directory, TomlTable document, RequirementFileReader reader, RequirementSet set)
    {
        (_file, _directory, _reader, _set) = (file, directory, reader, set);
        _project = Find(document, "project") as TomlTable;
        _extras = Lists(_project, "optional-dependencies");
        _groups = Lists(document, "dependency-groups");
    }

    /// <summary>Adds what the project needs to a set.</summary>
    /// <param name="file">Path as the recipe has it.</param>
    /// <param name="extras">Extras to take.</param>
    /// <param name="groups">Dependency groups to take.</param>
    /// <param name="files">The recipe's files.</param>
    /// <param name="set">Gets the requirements, the project's name and its <c>requires-python</c>.</param>
    /// <param name="reader">Reads one requirement.</param>
    /// <param name="survey">Gets the file when it is outside the project and nobody allowed it yet; null to refuse it.</param>
    /// <exception cref="TorchyardException">TY2512 or TY2534 with file, line and reason.</exception>
    public static void Read(
        string file,
        IReadOnlyList<string> extras,
        IReadOnlyList<string> groups,
        ProjectFiles files,
        RequirementSet set,
        RequirementFileReader reader,
        ICollection<Wish>? survey
    )
    {
        var path = Path.GetFullPath(file, files.Directory);
        if (survey is not null && files.IsOutside(path) && !files.Reaches(files.RealOf(path)))
        {
            survey.Add(Wish.File(files.RealOf(path), "python.pyproject"));
            return;
        }

        byte[] content;
        try
        {
            content = files.Read(path, SizeLimit);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw RequirementProblem.Wrong(null, $"'{file}' is not a file, or larger than 4 MiB", "correct 'pyproject' of [python]");
        }

        var document = TomlDocument.Parse(content, file, PackageCodes.WrongRequirement, "correct the file");
        new PyprojectReader(file, Path.GetDirectoryName(path)!, document, reader, set).Read(extras, groups);
    }

    private void Read(IReadOnlyList<string> extras, IReadOnlyList<string> groups)
    {
        if (_project is not null)
        {
            ReadProject(extras);
        }
        else if (groups.Count == 0 || extras.Count > 0)
        {
            throw RequirementProblem.Wrong(
                new SourceLocation(_file, 1, 1),
                "it has no [project] table",
                "name a pyproject.toml with [project] dependencies, or use 'packages'"
            );
        }

        foreach (var group in groups)
        {
            AddGroup(group, null, []);
        }
    }

    private void ReadProject(IReadOnlyList<string> extras)
    {
        var dynamic = (Find(_project!, "dynamic") as TomlArray)?.Items.OfType<TomlString>().ToList() ?? [];
        if (
            dynamic.FirstOrDefault(text => text.Value == "dependencies" || (text.Value == "optional-dependencies" && extras.Count > 0)) is
            { } unknown
        )
        {
            throw RequirementProblem.Wrong(
                Place(unknown),
                $"its {unknown.Value} are dynamic: only its build backend knows them",
                "write them to a requirement file and name that"
            );
        }

        // Without its name nobody could tell a list that names the project from one that names a stranger.
        _set.Project =
            Find(_project!, "name") is TomlString text && ProjectName.TryParse(text.Value, out var name)
                ? name.Normal
                : throw RequirementProblem.Of(
                    "TY2534",
                    Place(Find(_project!, "name") ?? dynamic.FirstOrDefault(text => text.Value == "name") ?? (TomlNode)_project!),
                    "the [project] has no name that can be read, which every project must have",
                    "write name = \"…\" into [project]; it cannot be dynamic"
                );
        if (Find(_project!, "requires-python") is { } requires)
        {
            _set.RequiresPython =
                requires is TomlString range && VersionSpecifierSet.TryParse(range.Value, out var versions)
                    ? (versions, Place(requires))
                    : throw RequirementProblem.Wrong(
                        Place(requires),
                        "requires-python is not a version specifier",
                        "write it as \">=3.10\" (PEP 440)"
                    );
        }

        if (Find(_project!, "dependencies") is { } dependencies)
        {
            AddList(dependencies, null);
        }

        foreach (var extra in extras)
        {
            AddExtra(Normal(extra, Place(_project!)), extra, null, Place(_project!), "correct 'pyproject-extras' of [python]");
        }
    }

    private void AddExtra(string normal, string written, Marker? marker, SourceLocation place, string cure)
    {
        var list = _extras.FirstOrDefault(extra => extra.Name == normal).List
            ?? throw RequirementProblem.Wrong(place, $"the project has no extra '{written}'{Known(_extras)}", cure);
        if (!_open.Contains(normal) && _taken.Add((normal, marker?.ToString() ?? "")))
        {
            _open.Add(normal);
            AddList(list, marker);
            _open.Remove(normal);
        }
    }

    private void AddGroup(string written, TomlNode? from, IReadOnlyList<string> within)
    {
        var place = from is null ? new SourceLocation(_file, 1, 1) : Place(from);
        var normal = Normal(written, place);
        var list = _groups.FirstOrDefault(group => group.Name == normal).List
            ?? throw RequirementProblem.Wrong(
                place,
                $"there is no dependency group '{written}'{Known(_groups)}",
                from is null ? "correct 'pyproject-groups' of [python]" : "correct include-group"
            );
        if (within.Contains(normal))
        {
            throw RequirementProblem.Wrong(
                place,
                $"the dependency groups include each other: {string.Join(" → ", within.Append(normal))}",
                "take one include-group out"
            );
        }

        if (!_taken.Add(("group " + normal, "")))
        {
            return;
        }

        foreach (var item in Items(list))
        {
            switch (item)
            {
                case TomlString text:
                    Add(text, null);
                    break;
                case TomlTable table when table.Entries.Count == 1 && Find(table, "include-group") is TomlString included:
                    AddGroup(included.Value, included, [.. within, normal]);
                    break;
                default:
                    throw RequirementProblem.Wrong(
                        Place(item),
                        "neither a requirement nor an include-group",
                        "write a text, or { include-group = \"NAME\" } (PEP 735)"
                    );
            }
        }
    }

    private void AddList(TomlNode list, Marker? marker)
    {
        foreach (var item in Items(list))
        {
            Add(
                item as TomlString
                    ?? throw RequirementProblem.Wrong(Place(item), $"{item.Kind} where a requirement must be", "write a list of texts"),
                marker
            );
        }
    }

    private void Add(TomlString text, Marker? marker)
    {
        var line = _reader.ReadOne(text.Value, _directory, Place(text));
        if (line.Requirement is { } requirement && requirement.Name.Normal == _set.Project && _set.Project is not null)
        {
            foreach (var extra in requirement.Extras)
            {
                AddExtra(extra, extra, Marker.And(marker, requirement.Marker), Place(text), "correct the name of the extra");
            }

            return;
        }

        if (_set.Requirements.Count > MostRequirements)
        {
            throw RequirementProblem.Wrong(
                Place(text),
                $"the extras give more than {MostRequirements} requirements",
                "write each requirement once"
            );
        }

        _set.Requirements.Add(
            marker is null ? line
            : line.Requirement is null ? line with { Marker = Marker.And(marker, line.Marker) }
            : line with { Requirement = line.Requirement with { Marker = Marker.And(marker, line.Requirement.Marker) } }
        );
    }

    /// <summary>The lists of a table by their normal names (PEP 685): two that differ in spelling alone are one too many.</summary>
    private List<(string Name, TomlNode List)> Lists(TomlTable? table, string key)
    {
        var lists = new List<(string Name, TomlNode List)>();
        if (table is null || Find(table, key) is not { } found)
        {
            return lists;
        }

        foreach (
            var (name, entry) in (
                found as TomlTable
                ?? throw RequirementProblem.Wrong(Place(found), $"{key} is {found.Kind}, not a table", "write one list a name")
            ).Entries
        )
        {
            var normal = Normal(name, Place(entry.Value));
            if (lists.Any(list => list.Name == normal))
            {
                throw RequirementProblem.Wrong(
                    Place(entry.Value),
                    $"'{name}' of {key} is there twice, in two spellings of one name",
                    "put the two lists together"
                );
            }

            lists.Add((normal, entry.Value));
        }

        return lists;
    }

    private static string Normal(string name, SourceLocation place) =>
        ProjectName.TryParse(name, out var parsed)
            ? parsed.Normal
            : throw RequirementProblem.Wrong(
                place,
                $"'{name}' is not the name of an extra or group",
                "use letters, digits, '-', '_' and '.'"
            );

    private static string Known(List<(string Name, TomlNode List)> lists) =>
        lists.Count == 0 ? "" : $"; it has {string.Join(", ", lists.Select(list => list.Name))}";

    private static List<TomlNode> Items(TomlNode list) => list is TomlArray array ? array.Items : [list];

    private static TomlNode? Find(TomlTable table, string key) => table.Entries.TryGetValue(key, out var entry) ? entry.Value : null;

    private SourceLocation Place(TomlNode node) => new(_file, node.Line, node.Column);
}

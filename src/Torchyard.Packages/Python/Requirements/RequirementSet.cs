using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>All that a recipe's <c>[python]</c> asks for, with its files read and flattened.</summary>
public sealed class RequirementSet
{
    private const string All = ":all:";

    /// <summary>Where options stand: by their value, or by their name where they have none.</summary>
    public Dictionary<string, SourceLocation?> Places { get; } = new(StringComparer.Ordinal);

    /// <summary>Options that change nothing of the answer, each with why.</summary>
    public List<RefusedLine> Idle { get; } = [];

    /// <summary>Directory of the recipe, absolute: what the lock's paths are relative to.</summary>
    public required string Directory { get; init; }

    /// <summary>What to install.</summary>
    public List<RequirementLine> Requirements { get; } = [];

    /// <summary>Versions that are allowed if the project comes in at all.</summary>
    public List<RequirementLine> Constraints { get; } = [];

    /// <summary><c>--index-url</c> of requirement files.</summary>
    public List<string> Indexes { get; } = [];

    /// <summary><c>--extra-index-url</c> of requirement files.</summary>
    public List<string> ExtraIndexes { get; } = [];

    /// <summary><c>--no-index</c> is given: only <c>find-links</c> has packages.</summary>
    public bool NoIndex { get; set; }

    /// <summary><c>--find-links</c> directories, absolute.</summary>
    public List<string> FindLinks { get; } = [];

    /// <summary><c>--find-links</c> pages of servers, whose links are taken as they stand, and files of servers.</summary>
    public List<Uri> FindLinkPages { get; } = [];

    /// <summary>Projects of which nothing is built from source, normalised; <c>:all:</c> for every one.</summary>
    public List<string> OnlyBinary { get; } = [];

    /// <summary>Projects of which no wheel of an index is taken, normalised; <c>:all:</c> for every one.</summary>
    public List<string> NoBinary { get; } = [];

    /// <summary><c>--pre</c> is given.</summary>
    public bool PreReleases { get; set; }

    /// <summary>Nothing without a hash may come in (<c>--require-hashes</c>, or files of which a line has one).</summary>
    public bool RequiresHashes { get; set; }

    /// <summary>
    /// Name of the project itself whose <c>pyproject.toml</c> is read, normalised: no index is ever asked for it. Null for none.
    /// </summary>
    public string? Project { get; set; }

    /// <summary><c>requires-python</c> of the project, with its place; null for none.</summary>
    public (VersionSpecifierSet Versions, SourceLocation? Place)? RequiresPython { get; set; }

    /// <summary>Adds to <see cref="OnlyBinary"/>, as <c>--only-binary</c> of pip does.</summary>
    public void AddOnlyBinary(IEnumerable<string> names) => Add(names, OnlyBinary, NoBinary);

    /// <summary>Adds to <see cref="NoBinary"/>, as <c>--no-binary</c> of pip does.</summary>
    public void AddNoBinary(IEnumerable<string> names) => Add(names, NoBinary, OnlyBinary);

    /// <summary>True when a project may be built from source.</summary>
    public bool MayBuild(string name) => !Holds(OnlyBinary, NoBinary, name);

    /// <summary>True when a project must be built from source.</summary>
    public bool MustBuild(string name) => !OnlyBinary.Contains(name) && Holds(NoBinary, OnlyBinary, name);

    /// <summary>True when every requirement is pinned by version and hash: taken as it is.</summary>
    public bool IsPinned => Requirements.Count > 0 && Requirements.All(r => r.IsPinned);

    /// <summary>Refuses an interpreter that the project does not take.</summary>
    /// <exception cref="TorchyardException">TY2533.</exception>
    public void RequirePython(PythonVersion python)
    {
        if (RequiresPython is var (versions, place) && !versions.Contains(python, preReleases: true))
        {
            throw RequirementProblem.Of(
                "TY2533",
                place,
                $"the project requires Python {versions}, and the image has {python}",
                "choose a base system with such a Python ('suite' of [base]), or correct requires-python"
            );
        }
    }

    // What is named last counts, and a name before ":all:" (pip, FormatControl).
    private static bool Holds(List<string> list, List<string> other, string name) =>
        list.Contains(name) || (list.Contains(All) && !other.Contains(name));

    private static void Add(IEnumerable<string> names, List<string> to, List<string> other)
    {
        foreach (var name in names.Select(name => name.Trim()).Where(name => name.Length > 0))
        {
            switch (name)
            {
                case All:
                    other.Clear();
                    to.Clear();
                    to.Add(All);
                    break;
                case ":none:":
                    to.Clear();
                    break;
                default:
                    var normal = ProjectName.TryParse(name, out var project) ? project.Normal : name;
                    other.Remove(normal);
                    to.Remove(normal);
                    to.Add(normal);
                    break;
            }
        }
    }
}

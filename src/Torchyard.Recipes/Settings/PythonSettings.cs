namespace Torchyard.Recipes.Settings;

/// <summary>
/// <c>[python]</c> of a recipe: the Python distributions of the environment. They go into a virtual environment at
/// <c>/opt/venv</c> on the base system's interpreter.
/// </summary>
public sealed record PythonSettings
{
    /// <summary>Requirements (dependency specifiers, PEP 508), or paths of local wheels and source
    /// archives (<c>./dist/x.whl</c>), relative to the recipe.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>
    /// Requirement files in pip's format, relative to the recipe. Where every line is pinned by hash they are taken as they are.
    /// </summary>
    public IReadOnlyList<string> Requirements { get; init; } = [];

    /// <summary>
    /// A <c>pyproject.toml</c> whose <c>[project] dependencies</c> are installed (not the project itself), relative to the recipe.
    /// </summary>
    public string? Pyproject { get; init; }

    /// <summary>Extras of <see cref="Pyproject"/>, as <c>[project.optional-dependencies]</c> names them.</summary>
    public IReadOnlyList<string> PyprojectExtras { get; init; } = [];

    /// <summary>Groups of <see cref="Pyproject"/>, as <c>[dependency-groups]</c> names them (PEP 735).</summary>
    public IReadOnlyList<string> PyprojectGroups { get; init; } = [];

    /// <summary>A <c>pylock.toml</c> (PEP 751) that is taken as it is; nothing else may then ask for packages.</summary>
    public string? Pylock { get; init; }

    /// <summary>Constraint files in pip's format, relative to the recipe.</summary>
    public IReadOnlyList<string> Constraints { get; init; } = [];

    /// <summary>
    /// Index roots (PEP 503, PEP 691), tried in order: the first that has a project is the only one asked for it.
    /// Empty: the machine's own pip settings, else <c>https://pypi.org/simple/</c>.
    /// </summary>
    public IReadOnlyList<string> Indexes { get; init; } = [];

    /// <summary>
    /// Indexes that come before <see cref="Indexes"/>, such as a site's own or <c>https://download.pytorch.org/whl/cu128</c>.
    /// </summary>
    public IReadOnlyList<string> ExtraIndexes { get; init; } = [];

    /// <summary>
    /// Directories with wheels and source archives, relative to the recipe, and pages of servers that link to such files; their files stand
    /// beside those of the index that has the project.
    /// </summary>
    public IReadOnlyList<string> FindLinks { get; init; } = [];

    /// <summary>Projects of which only wheels are taken, and nothing is built; <c>:all:</c> for every project.</summary>
    public IReadOnlyList<string> OnlyBinary { get; init; } = [];

    /// <summary>
    /// Debian packages that are there while wheels are built, such as <c>gcc</c> and <c>python3-dev</c>; they are never in the image.
    /// Written as <see cref="Recipe.Packages"/>.
    /// </summary>
    public IReadOnlyList<string> BuildPackages { get; init; } = [];
}

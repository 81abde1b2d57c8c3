using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Drafts;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Importing;

/// <summary>A translation under way: the recipe so far, what became what, and what did not.</summary>
/// <param name="draft">The recipe.</param>
/// <param name="files">The directory of the file, beyond which nothing is read.</param>
/// <param name="project">Directory that the recipe is written into, absolute.</param>
internal sealed class Import(RecipeDraft draft, ProjectFiles files, string project)
{
    private const int LongestText = 160;

    private readonly List<ImportRow> _rows = [];
    private readonly List<ImportGap> _gaps = [];

    /// <summary>The recipe.</summary>
    public RecipeDraft Draft { get; } = draft;

    /// <summary>The directory of the file.</summary>
    public ProjectFiles Files { get; } = files;

    /// <summary>What decides the Debian release.</summary>
    public SuiteChoice Suite { get; } = new();

    /// <summary>What became what.</summary>
    public IReadOnlyList<ImportRow> Rows => _rows;

    /// <summary>What was not translated.</summary>
    public IReadOnlyList<ImportGap> Gaps => _gaps;

    /// <summary>Directory that the recipe is written into, absolute.</summary>
    public string Project { get; } = project;

    /// <summary>True when the recipe lies where it can name the files beside the one that it is made from.</summary>
    public bool IsInProject { get; } = files.Directory == project;

    /// <summary>Path of a file as the recipe names it.</summary>
    public string Named(string path) => Path.GetRelativePath(Project, Path.GetFullPath(path, Files.Directory));

    /// <summary>Says what became of something.</summary>
    public void Became(string place, string from, string to, string? note = null) =>
        _rows.Add(new ImportRow(place, Shown(from), Shown(to), note));

    /// <summary>Says that something was not translated.</summary>
    public void Gap(string place, string text, string why) => _gaps.Add(new ImportGap(place, Shown(text), UrlText.WithoutSecrets(why)));

    /// <summary>Adds a Debian package, or says why not.</summary>
    /// <returns>True when it was added.</returns>
    public bool AddPackage(string place, string from, string request)
    {
        if (Draft.AddPackage(request))
        {
            return true;
        }

        Gap(place, from, "this cannot be the name of a Debian package");
        return false;
    }

    /// <summary>Adds a Python requirement that was read as one, or says why not.</summary>
    /// <param name="place">File and line.</param>
    /// <param name="from">As the file has it.</param>
    /// <param name="requirement">As the recipe is to have it.</param>
    /// <param name="note">What is to be said about it, or null.</param>
    public void AddPython(string place, string from, string requirement, string? note = null) =>
        Took(place, from, requirement, Draft.AddPython(requirement), note);

    /// <summary>Sets an environment variable of the image, or says why not.</summary>
    public void SetVariable(string place, string from, string name, string value) =>
        Took(place, from, "image.environment", Draft.SetVariable(name, value));

    /// <summary>Takes a setting over as it is, or says why not.</summary>
    public void Take(string place, string from, string to, Func<Recipe, Recipe> setting, string? note = null) =>
        Took(place, from, to, Draft.Take(setting), note);

    /// <summary>Says what became of something that the draft was asked to take.</summary>
    /// <param name="place">File and line.</param>
    /// <param name="from">As the file has it.</param>
    /// <param name="to">What it is in the recipe.</param>
    /// <param name="why">What the draft said: why not; null for what it took.</param>
    /// <param name="note">What is to be said about it, or null.</param>
    public void Took(string place, string from, string to, string? why, string? note = null)
    {
        if (why is not null)
        {
            Gap(place, from, why);
        }
        else
        {
            Became(place, from, to, note);
        }
    }

    /// <summary>Adds an index, or says why not.</summary>
    public void AddIndex(string place, string url, bool isExtra, string? note = null) =>
        Took(place, url, isExtra ? "python.extra-indexes" : "python.indexes", Draft.AddIndex(url, isExtra), note);

    /// <summary>Adds what was read of requirements, line by line.</summary>
    /// <param name="read">The requirements.</param>
    /// <param name="place">Where its options are.</param>
    public void AddRequirements(ForeignRequirements read, string place)
    {
        foreach (var line in read.Set.Requirements)
        {
            AddRequirement(line);
        }

        foreach (var line in read.Set.Constraints)
        {
            Gap(At(line.Place), ForeignRequirements.Written(line), "a constraint: put it into a file and name that in python.constraints");
        }

        AddOptions(read, place);
        foreach (var line in read.Refused)
        {
            if (!AddEditable(line))
            {
                Gap(At(line.Place), line.Text, Reason(line));
            }
        }
    }

    /// <summary>A repository that is installed in place is installed all the same, only not in place.</summary>
    private bool AddEditable(RefusedLine line)
    {
        var words = line.Text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
        if (words is not ["-e" or "--editable", ['g', 'i', 't', '+', ..] url] || line.Place is null)
        {
            return false;
        }

        var read = new ForeignRequirements(Files);
        read.ReadLine(url, line.Place);
        if (read.Set.Requirements is not [var requirement])
        {
            return false;
        }

        AddRequirement(requirement, "built and installed, not editable", line.Text);
        return true;
    }

    /// <summary>Adds a requirement that was read.</summary>
    public void AddRequirement(RequirementLine line, string? note = null, string? from = null)
    {
        var written = ForeignRequirements.Written(line);
        var place = At(line.Place);
        if (line.Requirement is { } requirement)
        {
            Look(requirement);
        }

        AddPython(place, from ?? written, written, line.Hashes.Count > 0 ? "without its hash: the lock has one of its own" : note);
    }

    /// <summary>Notes what a requirement says about the rest of the recipe.</summary>
    public void Look(Requirement requirement)
    {
        if (requirement.Name.Normal == "torch")
        {
            Suite.Torch(requirement.Versions);
        }

        if (requirement.Name.Normal is "jupyter" or "jupyterlab" or "notebook")
        {
            Draft.Jupyter = true;
        }
    }

    /// <summary>Notes which Python a file asks for.</summary>
    public void LookAtPython(string place, string from, string versions)
    {
        if (VersionSpecifierSet.TryParse(versions, out var set))
        {
            Suite.Python(set, place, from);
        }
        else
        {
            Gap(place, from, "this is not a range of Python releases");
        }
    }

    /// <summary>A place as it is shown: the file and its line.</summary>
    public static string At(SourceLocation? place) => place is null ? "" : $"{place.File}:{place.Line}";

    /// <summary>A reason with its cure.</summary>
    public static string Reason(RefusedLine line) => line.Cure.Length == 0 ? line.Why : $"{line.Why}; {line.Cure}";

    private void AddOptions(ForeignRequirements read, string place)
    {
        var set = read.Set;
        foreach (var idle in set.Idle)
        {
            Became(idle.Place is null ? place : At(idle.Place), idle.Text, "", idle.Why);
        }

        foreach (var url in set.Indexes)
        {
            AddIndex(PlaceOf(url), url, isExtra: false);
        }

        foreach (var url in set.ExtraIndexes)
        {
            AddIndex(PlaceOf(url), url, isExtra: true);
        }

        foreach (var page in set.FindLinkPages)
        {
            AddFindLinks(PlaceOf(page.OriginalString), page.OriginalString);
        }

        foreach (var directory in set.FindLinks)
        {
            AddFindLinks(place, Named(directory));
        }

        foreach (var name in set.OnlyBinary)
        {
            Draft.AddOnlyBinary(name);
            Became(PlaceOf($"--only-binary {name}"), $"--only-binary {name}", "python.only-binary");
        }

        foreach (var name in set.NoBinary)
        {
            Gap(
                PlaceOf($"--no-binary {name}"),
                $"--no-binary {name}",
                "a recipe takes wheels where there are any; name a requirement file that has this line"
            );
        }

        if (set.PreReleases)
        {
            Gap(
                PlaceOf("--pre"),
                "--pre",
                "pre-releases are taken where a requirement names one; write the version of the package that needs it"
            );
        }

        if (set.NoIndex)
        {
            Gap(PlaceOf("--no-index"), "--no-index", "a recipe asks its indexes; name a requirement file that has this line");
        }

        string PlaceOf(string option) => set.Places.GetValueOrDefault(option) is { } at ? At(at) : place;
    }

    /// <summary>Adds a directory or page with files, or says why not.</summary>
    public void AddFindLinks(string place, string links) => Took(place, links, "python.find-links", Draft.AddFindLinks(links));

    // Whatever is said of a file goes through here: a login that was in a line is in no report.
    private static string Shown(string text) =>
        UrlText.WithoutSecrets(text) is var shown && shown.Length > LongestText ? shown[..LongestText] + "…" : shown;
}

using System.Text;
using System.Text.RegularExpressions;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Drafts;

/// <summary>
/// A recipe that is put together from somebody's files: short, with what they ask for and nothing that is so anyway. Each part is looked at
/// before it is taken, and texts are written as TOML quotes them, so that no line of a stranger becomes anything but a text in a list.
/// </summary>
public sealed partial class RecipeDraft
{
    private const string HoldsLogin = "its URL holds a password or token, and recipes are shared";

    private readonly List<string> _packages = [];
    private readonly List<string> _python = [];
    private readonly List<string> _requirements = [];
    private readonly List<string> _indexes = [];
    private readonly List<string> _extraIndexes = [];
    private readonly List<string> _findLinks = [];
    private readonly List<string> _onlyBinary = [];
    private readonly List<string> _constraints = [];
    private readonly SortedDictionary<string, string> _environment = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _labels = new(StringComparer.Ordinal);

    // Only what is taken over as it is counts of it.
    private Recipe _taken = new()
    {
        Name = "draft",
        Base = new DebianBase { Suite = "trixie" },
    };

    /// <summary>Name of the environment.</summary>
    public required string Name { get; init; }

    /// <summary>What it is made from, for the first line.</summary>
    public required string Origin { get; init; }

    /// <summary>The Debian release.</summary>
    public string Suite { get; set; } = "trixie";

    /// <summary>Why it is that one; null for the default.</summary>
    public string? SuiteReason { get; set; }

    /// <summary>A <c>pyproject.toml</c>, or null.</summary>
    public string? Pyproject { get; set; }

    /// <summary>Extras of it.</summary>
    public IReadOnlyList<string> PyprojectExtras { get; set; } = [];

    /// <summary>Groups of it.</summary>
    public IReadOnlyList<string> PyprojectGroups { get; set; } = [];

    /// <summary>A <c>pylock.toml</c>, or null; nothing else then asks for Python packages.</summary>
    public string? Pylock { get; set; }

    /// <summary>Settings that are taken over as they are, or null.</summary>
    public FitSettings? Fit { get; set; }

    /// <summary>Jupyter is switched on.</summary>
    public bool Jupyter { get; set; }

    /// <summary>The SSH server is switched on.</summary>
    public bool Ssh { get; set; }

    /// <summary>Debian packages so far.</summary>
    public IReadOnlyList<string> Packages => _packages;

    /// <summary>Python requirements so far.</summary>
    public IReadOnlyList<string> Python => _python;

    /// <summary>True when anything is asked of Python's indexes.</summary>
    public bool HasPython =>
        _python.Count > 0 || _requirements.Count > 0 || _constraints.Count > 0 || Pyproject is not null || Pylock is not null;

    /// <summary>Adds a Debian package; one that is there stays where it is.</summary>
    /// <returns>False for what cannot be the name of a package.</returns>
    public bool AddPackage(string request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!RecipeChecks.IsPackage(request))
        {
            return false;
        }

        var name = request.Split('=', ':')[0];
        if (_packages.All(package => package.Split('=', ':')[0] != name))
        {
            _packages.Add(request);
        }

        return true;
    }

    /// <summary>Adds a Python requirement that was read as one; the same text is there once.</summary>
    /// <returns>What is wrong with it; null when it was added.</returns>
    public string? AddPython(string requirement)
    {
        if (UrlText.HoldsSecret(requirement))
        {
            return $"{HoldsLogin}; write it as https://USER:${{VARIABLE}}@HOST/..., or without the login and keep that in ~/.netrc";
        }

        if (Pylock is not null)
        {
            return $"{Pylock} is a finished answer, beside which nothing is asked for; write it into what that was made from";
        }

        AddOnce(_python, requirement);
        return null;
    }

    /// <summary>Adds a requirement file.</summary>
    public void AddRequirementFile(string path) => AddOnce(_requirements, path);

    /// <summary>Adds a constraint file.</summary>
    public void AddConstraintFile(string path) => AddOnce(_constraints, path);

    /// <summary>Adds projects of which nothing is built.</summary>
    public void AddOnlyBinary(string name) => AddOnce(_onlyBinary, name);

    /// <summary>Adds a directory or page with files.</summary>
    /// <returns>What is wrong with it; null when it was added.</returns>
    public string? AddFindLinks(string place)
    {
        if (UrlText.HoldsSecret(place))
        {
            return WithoutLogin("python.find-links");
        }

        AddOnce(_findLinks, place);
        return null;
    }

    /// <summary>Adds an index.</summary>
    /// <param name="url">Its root.</param>
    /// <param name="isExtra">True for one that comes before the others.</param>
    /// <returns>What is wrong with it; null when it was added.</returns>
    public string? AddIndex(string url, bool isExtra)
    {
        ArgumentNullException.ThrowIfNull(url);
        var key = isExtra ? "python.extra-indexes" : "python.indexes";
        if (UrlText.HoldsSecret(url))
        {
            return WithoutLogin(key);
        }

        if (url.Contains("${", StringComparison.Ordinal))
        {
            return "a variable in the URL of an index would send something of your environment to a server; write the URL without the "
                + $"login into {key}, and keep that in pip's configuration or ~/.netrc";
        }

        if (!UrlText.TryRead(url, out var read) || read.Scheme is not ("http" or "https" or "file"))
        {
            return "this is not the URL of an index";
        }

        if (read.UserInfo.Length > 0)
        {
            return WithoutLogin(key);
        }

        AddOnce(isExtra ? _extraIndexes : _indexes, url);
        return null;
    }

    /// <summary>Sets an environment variable of the image.</summary>
    /// <returns>What is wrong with it; null when it was set.</returns>
    public string? SetVariable(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(value);
        if (!RecipeChecks.IsVariable(name) || value.Contains('\0', StringComparison.Ordinal))
        {
            return "this cannot be an environment variable";
        }

        if (IsSecret(name, value))
        {
            return "its value looks like a password or token, and whoever has the image could read it; pass on your own when it runs: "
                + $"[environment] pass = [\"{name}\"]";
        }

        _environment[name] = value;
        return null;
    }

    /// <summary>True for a variable whose value must be in no recipe, report or image: its name says so, or its value does.</summary>
    public static bool IsSecret(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Length > 0 && (SecretVariable().IsMatch(name) || UrlText.HoldsSecret(value));
    }

    /// <summary>Sets a label of the image.</summary>
    /// <returns>What is wrong with it; null when it was set.</returns>
    public string? SetLabel(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(value);
        if (!LabelName().IsMatch(name) || value.Contains('\0', StringComparison.Ordinal))
        {
            return "this cannot be a label";
        }

        if (UrlText.HoldsSecret(value))
        {
            return HoldsLogin;
        }

        _labels[name] = value;
        return null;
    }

    /// <summary>
    /// Takes settings of an environment over as they are: of <c>[base]</c>, <c>[services]</c>, <c>[environment]</c>, <c>[caches]</c>,
    /// <c>[[mounts]]</c>, <c>[limits]</c>, <c>[image]</c>, <c>[cudnn]</c> and <c>[cuda-compat]</c>, and the build packages.
    /// </summary>
    /// <param name="setting">Gets what was taken so far, and gives it with the setting.</param>
    /// <returns>Why a recipe cannot say it; null when it was taken.</returns>
    public string? Take(Func<Recipe, Recipe> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        var taken = setting(_taken);
        var written = RecipeText.Write(taken);
        if (UrlText.HoldsSecret(written))
        {
            return HoldsLogin;
        }

        try
        {
            RecipeReader.Read(Encoding.UTF8.GetBytes(written), RecipeReader.FileName);
        }
        catch (TorchyardException wrong)
        {
            // The place is one of a text that nobody sees.
            return wrong.Message.Replace($"{wrong.Location}: ", "", StringComparison.Ordinal);
        }

        _taken = taken;
        return null;
    }

    /// <summary>Sets a variable that the environment has when it runs.</summary>
    /// <returns>What is wrong with it; null when it was set.</returns>
    public string? SetRunVariable(string name, string value) =>
        IsSecret(name, value)
            ? $"its value looks like a password or token, and recipes are shared; pass on your own: [environment] pass = [\"{name}\"]"
            : Take(recipe =>
                recipe with
                {
                    Environment = recipe.Environment with
                    {
                        Variables = new Dictionary<string, string>(recipe.Environment.Variables) { [name] = value },
                    },
                }
            );

    /// <summary>The recipe as TOML, which <see cref="RecipeReader"/> has read.</summary>
    public string Write()
    {
        var text = new TomlText();
        text.Comment($"Made from {VisibleText.Of(Origin)} by 'torchyard init --from'. docs/recipe.md explains every key.");
        text.Add("name", Name);
        text.Blank();
        text.Add("packages", _packages);
        if (_taken.Recommends)
        {
            text.Add("recommends", true);
        }

        text.Header("base");
        if (SuiteReason is { } reason)
        {
            text.Comment(VisibleText.Of(reason));
        }

        text.Add("suite", Suite.Length > 0 ? Suite : null);
        RecipeText.WriteOwn(text, _taken.Base);
        if (HasPython)
        {
            text.Header("python");
            AddList(text, "packages", _python);
            AddList(text, "requirements", _requirements);
            text.Add("pyproject", Pyproject);
            AddList(text, "pyproject-extras", PyprojectExtras);
            AddList(text, "pyproject-groups", PyprojectGroups);
            text.Add("pylock", Pylock);
            AddList(text, "constraints", _constraints);
            AddList(text, "indexes", _indexes);
            AddList(text, "extra-indexes", _extraIndexes);
            AddList(text, "find-links", _findLinks);
            AddList(text, "only-binary", _onlyBinary);
            AddList(text, "build-packages", _taken.Python?.BuildPackages ?? []);
        }

        if (Fit is { } fit)
        {
            text.Header("fit");
            AddList(text, "gpus", fit.Gpus);
            text.Add("driver", fit.Driver).Add("torch", fit.Torch).Add("build", fit.Build).Add("fleet", fit.Fleet);
        }

        foreach (var section in RecipeSections.Nvidia)
        {
            section.Write(text, _taken, section.Table);
        }

        WriteServices(text);
        RecipeText.WriteRunning(text, _taken, "");
        RecipeText.WriteOwn(text, _taken.Image, "image");
        text.AddMap("image.environment", _environment).AddMap("image.labels", _labels);
        var written = text.ToString();
        RecipeReader.Read(Encoding.UTF8.GetBytes(written), RecipeReader.FileName);
        return written;
    }

    private void WriteServices(TomlText text)
    {
        var services = _taken.Services;
        if (Jupyter && services.Jupyter is null)
        {
            text.Header("services.jupyter");
        }

        if (Ssh && services.Ssh is null)
        {
            text.Header("services.ssh");
        }

        RecipeText.WriteServices(text, services, "services");
    }

    private static string WithoutLogin(string key) =>
        $"{HoldsLogin}; write it without the login into {key}, and keep that in pip's configuration or ~/.netrc";

    private static void AddList(TomlText text, string key, IReadOnlyList<string> values)
    {
        if (values.Count > 0)
        {
            text.Add(key, values);
        }
    }

    private static void AddOnce(List<string> list, string text)
    {
        if (!list.Contains(text))
        {
            list.Add(text);
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._/-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex LabelName();

    [GeneratedRegex(
        "(TOKEN|KEY|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)\\z",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex SecretVariable();
}

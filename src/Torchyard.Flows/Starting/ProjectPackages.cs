using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Torchyard.Images.Environments;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Starting;

/// <summary>A distribution that somebody installed into a project's own Python.</summary>
/// <param name="Name">Its name, as its metadata spells it.</param>
/// <param name="Version">Its version.</param>
/// <param name="Requested">False for what came along because another one needs it.</param>
internal sealed record AddedPackage(string Name, string Version, bool Requested)
{
    /// <summary>Where it was installed from in the place of an index; null for an index.</summary>
    [JsonIgnore]
    public DirectOrigin? Origin { get; init; }
}

/// <summary>What <c>pip</c> put into a project's own Python, and the lines of a recipe that would put it into the image.</summary>
internal static partial class ProjectPackages
{
    private const int Most = 10_000;

    private const int LargestOrigin = 64 << 10;

    /// <summary>
    /// Reads the names of what is installed, and where from. Programs inside write there, so nothing is followed, and the only file that is
    /// read is bounded.
    /// </summary>
    /// <param name="directory">Host directory that the environment has as <see cref="ProjectPython.Root"/>.</param>
    public static IReadOnlyList<AddedPackage> Read(string directory)
    {
        using var root = ConfinedDirectory.TryOpen(directory);
        if (root is null)
        {
            return [];
        }

        return
        [
            .. Below(root, "lib")
                .Where(python => python.StartsWith("lib/python3.", StringComparison.Ordinal))
                .SelectMany(python => Below(root, python + "/site-packages"))
                .Take(Most)
                .Select(info => (Path: info, Match: Info().Match(info[(info.LastIndexOf('/') + 1)..])))
                .Where(found => found.Match.Success)
                .Select(found => Of(root, found.Path, found.Match))
                .OfType<AddedPackage>()
                .OrderBy(package => package.Name, StringComparer.OrdinalIgnoreCase),
        ];
    }

    /// <summary>Lines of <c>torchyard.toml</c> with what was asked for; none when there is nothing that the recipe has not.</summary>
    /// <param name="added">What is installed.</param>
    /// <param name="recipe">The recipe.</param>
    public static IReadOnlyList<string> RecipeLines(IReadOnlyList<AddedPackage> added, Recipe recipe)
    {
        var wanted = added.Any(package => package.Requested) ? added.Where(package => package.Requested) : added;
        var known = (recipe.Python?.Packages ?? [])
            .Select(requirement => Normal(RequirementName().Match(requirement).Value))
            .ToHashSet(StringComparer.Ordinal);
        var lines = wanted
            .Where(package => !known.Contains(Normal(package.Name)))
            .Select(package => $"\"{package.Name}=={package.Version}\"")
            .ToList();
        if (lines.Count == 0)
        {
            return [];
        }

        var python = $"packages = [{string.Join(", ", lines)}]";
        return recipe.Python is { } has
                ? [$"in [python]: {(has.Packages.Count > 0 ? "to packages add " + string.Join(", ", lines) : python)}"]
            : recipe.Packages.Any(package => package.Split('=')[0] == "python3-venv") ? ["[python]", python]
            : ["to packages add \"python3-venv\"", "[python]", python];
    }

    /// <summary>One distribution; null for what is not a directory. One that cannot be looked at does not keep the others out.</summary>
    private static AddedPackage? Of(ConfinedDirectory root, string path, Match name)
    {
        try
        {
            // PEP 376: pip marks what it was asked for.
            return root.Status(path) is { IsDirectory: true }
                ? new AddedPackage(name.Groups[1].Value, name.Groups[2].Value, root.Status(path + "/REQUESTED") is not null)
                {
                    Origin = OriginOf(root, path + "/direct_url.json"),
                }
                : null;
        }
        catch (Exception unreadable) when (unreadable is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return new AddedPackage(name.Groups[1].Value, name.Groups[2].Value, Requested: true) { Origin = DirectOrigin.Unknown };
        }
    }

    // PEP 610.
    private static DirectOrigin? OriginOf(ConfinedDirectory root, string path)
    {
        try
        {
            return root.Status(path) is null ? null : DirectOrigin.Parse(root.ReadText(path, LargestOrigin) ?? "");
        }
        catch (Exception unreadable) when (unreadable is TorchyardException or IOException or UnauthorizedAccessException)
        {
            // It is there, and nobody can tell what it says.
            return DirectOrigin.Unknown;
        }
    }

    private static IEnumerable<string> Below(ConfinedDirectory root, string path)
    {
        try
        {
            return root.List(path).Select(name => $"{path}/{name}");
        }
        catch (Exception unreadable) when (unreadable is TorchyardException or IOException or UnauthorizedAccessException)
        {
            // A link, which a program inside put there: nothing of it is a package of this Python.
            return [];
        }
    }

    private static string Normal(string name) => ProjectName.TryParse(name.Trim(), out var parsed) ? parsed.Normal : name;

    [GeneratedRegex(@"^\s*[A-Za-z0-9][A-Za-z0-9._-]*", RegexOptions.CultureInvariant)]
    private static partial Regex RequirementName();

    [GeneratedRegex(@"^([A-Za-z0-9][A-Za-z0-9._]{0,99})-([A-Za-z0-9][A-Za-z0-9.!+_]{0,99})\.dist-info\z", RegexOptions.CultureInvariant)]
    private static partial Regex Info();
}

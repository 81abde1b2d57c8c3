using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Torchyard.ReleaseFiles;

/// <summary>Software of others that is linked into a program.</summary>
internal sealed record Linked
{
    /// <summary>Its name where it comes from.</summary>
    public required string Name { get; init; }

    /// <summary>Its version there.</summary>
    public required string Version { get; init; }

    /// <summary>Its package URL (package-url/purl-spec).</summary>
    public required string Url { get; init; }

    /// <summary>An SPDX licence expression, or NOASSERTION.</summary>
    public required string License { get; init; }

    /// <summary>Hash of the package; null where only the index of a registry has it.</summary>
    public required string? Sha256 { get; init; }
}

/// <summary>
/// Finds what is linked into the programs: from what the restore took and what the pins name, so that no list is kept by hand.
/// </summary>
internal static partial class LinkedSoftware
{
    // The parts that are linked in, which have other licences than the rest of their source packages: /usr/share/doc/NAME/copyright of
    // each.
    private static readonly Dictionary<string, string> DebianLicenses = new(StringComparer.Ordinal)
    {
        ["libzstd-dev"] = "BSD-3-Clause OR GPL-2.0-only",
        ["liblzma-dev"] = "0BSD",
        ["libc6-dev"] = "LGPL-2.1-or-later",
        ["libgcc-12-dev"] = "GPL-3.0-or-later WITH GCC-exception-3.1",
    };

    // Those whose programs are released.
    private static readonly string[] Projects = ["Torchyard", "Torchyard.Supervisor", "Torchyard.Mirror"];

    /// <summary>NuGet packages with code in a project's program, and the runtime of .NET that its compiler linked in.</summary>
    /// <exception cref="ReleaseException">The project was not restored, or a package is not where NuGet says.</exception>
    public static IReadOnlyList<Linked> OfProject(string sources, string project)
    {
        using var assets = Assets(sources, project);
        var folders = Folders(assets);
        var packages = assets
            .RootElement.GetProperty("targets")
            .GetProperty($"net10.0/{Release.Runtime}")
            .EnumerateObject()
            // Analysers and compilers have no assembly that a program could contain.
            .Where(library => library.Value.GetProperty("type").GetString() == "package" && library.Value.TryGetProperty("runtime", out _))
            .Select(library => library.Name.Split('/'))
            .Select(parts => (Name: parts[0], Version: parts[1]));
        var runtime = assets
            .RootElement.GetProperty("project")
            .GetProperty("frameworks")
            .GetProperty("net10.0")
            .GetProperty("downloadDependencies")
            .EnumerateArray()
            .Select(package =>
                (
                    Name: package.GetProperty("name").GetString()!,
                    Version: package.GetProperty("version").GetString()!.Trim('[', ']').Split(',')[0]
                )
            )
            .Where(package =>
                package.Name.Contains(".Runtime.NativeAOT.", StringComparison.Ordinal)
                || package.Name.StartsWith("Microsoft.AspNetCore.App.Runtime.", StringComparison.Ordinal)
            );
        return
        [
            .. packages
                .Concat(runtime)
                .Select(package => new Linked
                {
                    Name = package.Name,
                    Version = package.Version,
                    Url = $"pkg:nuget/{package.Name}@{package.Version}",
                    License = LicenseOf(folders, package.Name, package.Version),
                    Sha256 = null,
                }),
        ];
    }

    /// <summary>Static libraries of Debian that a file of pins takes.</summary>
    /// <param name="pins">The file.</param>
    /// <param name="isLinked">Tells whether a file that is taken becomes part of a program.</param>
    public static IEnumerable<Linked> OfPins(string pins, Predicate<string> isLinked)
    {
        Match? package = null;
        var found = new List<Linked>();
        foreach (var line in File.ReadLines(pins))
        {
            if (line.StartsWith("deb ", StringComparison.Ordinal))
            {
                package = Deb().Match(line);
                if (!package.Success)
                {
                    throw new ReleaseException($"{pins}: not a pin: {line}");
                }
            }
            else if (line.StartsWith("take ", StringComparison.Ordinal) && isLinked(line.Split(' ')[^1]) && package is not null)
            {
                var (name, version, hash) = (package.Groups["name"].Value, package.Groups["version"].Value, package.Groups["hash"].Value);
                if (!DebianLicenses.TryGetValue(name, out var license))
                {
                    throw new ReleaseException(
                        $"the licence of {name} is not known: add it to "
                            + "eng/ReleaseFiles/LinkedSoftware.cs and its text to eng/packaging/copyright"
                    );
                }

                found.Add(
                    new Linked
                    {
                        Name = name,
                        Version = version,
                        Url = $"pkg:deb/debian/{name}@{Uri.EscapeDataString(version)}?arch=amd64",
                        License = license,
                        Sha256 = hash,
                    }
                );
            }
        }

        return found.DistinctBy(linked => linked.Url);
    }

    /// <summary>The notices of third parties that linked packages carry, each once.</summary>
    public static string Notices(string sources) =>
        string.Concat(
            Projects
                .SelectMany(project =>
                    OfProject(sources, project)
                        .Select(package => FileOf(Folders(sources, project), package.Name, package.Version, "THIRD-PARTY-NOTICES.TXT"))
                )
                .Where(File.Exists)
                .Distinct()
                .Select(file => File.ReadAllText(file!).ReplaceLineEndings("\n"))
        );

    private static List<string> Folders(string sources, string project)
    {
        using var assets = Assets(sources, project);
        return Folders(assets);
    }

    private static List<string> Folders(JsonDocument assets) =>
        [.. assets.RootElement.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name)];

    private static JsonDocument Assets(string sources, string project)
    {
        var path = Path.Combine(sources, "src", project, "obj/project.assets.json");
        return File.Exists(path)
            ? JsonDocument.Parse(File.ReadAllBytes(path))
            : throw new ReleaseException($"{path} is missing: publish the program first");
    }

    private static string? FileOf(IEnumerable<string> folders, string name, string version, string file) =>
        folders.Select(folder => Path.Combine(folder, name.ToLowerInvariant(), version, file)).FirstOrDefault(File.Exists);

    private static string LicenseOf(IEnumerable<string> folders, string name, string version)
    {
        var file = FileOf(folders, name, version, $"{name.ToLowerInvariant()}.nuspec")
            ?? throw new ReleaseException($"{name} {version} is not in the packages of NuGet: publish the program first");
        return XDocument
            .Load(file)
            .Descendants()
            .FirstOrDefault(element => element.Name.LocalName == "license" && (string?)element.Attribute("type") == "expression")
            ?.Value
            ?? "NOASSERTION";
    }

    [GeneratedRegex("^deb (?<hash>[0-9a-f]{64}) [0-9]+ .*/(?<name>[^/_]+)_(?<version>[^/_]+)_[^/_]+\\.deb$")]
    private static partial Regex Deb();
}

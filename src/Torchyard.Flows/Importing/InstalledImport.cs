using System.Text.RegularExpressions;
using Torchyard.Flows.Starting;
using Torchyard.Packages.Conda;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;

namespace Torchyard.Flows.Importing;

/// <summary>What is installed in a virtual environment, or in an environment of conda, as part of a recipe.</summary>
internal static partial class InstalledImport
{
    private const int LargestSettings = 64 << 10;
    private const int MostPackages = 10_000;

    /// <summary>True for the directory of a virtual environment or of an environment of conda.</summary>
    public static bool IsEnvironment(string directory) =>
        File.Exists(Path.Combine(directory, "pyvenv.cfg")) || Directory.Exists(Path.Combine(directory, "conda-meta"));

    /// <summary>Adds what a directory has.</summary>
    /// <param name="import">The translation.</param>
    /// <param name="directory">The environment, absolute.</param>
    /// <param name="shown">Its name.</param>
    public static void Add(Import import, string directory, string shown)
    {
        using var root = ConfinedDirectory.TryOpen(directory)
            ?? throw new TorchyardException("TY1052", $"{directory} cannot be opened", "name an environment that you may read")
            {
                IsUsage = true,
            };
        var installed = ProjectPackages.Read(directory);
        if (root.Status("conda-meta") is { IsDirectory: true })
        {
            AddConda(import, root, installed, shown);
        }
        else
        {
            AddSettings(import, root.ReadText("pyvenv.cfg", LargestSettings) ?? "", shown);
        }

        if (installed.Count == 0)
        {
            import.Gap(shown, "packages", "pip has installed nothing there");
        }

        AddPackages(import, installed, shown);
    }

    private static void AddSettings(Import import, string settings, string shown)
    {
        if (Version().Match(settings) is { Success: true } version)
        {
            import.LookAtPython(shown, $"Python 3.{version.Groups[1].Value}", $"==3.{version.Groups[1].Value}.*");
        }
        else
        {
            import.Gap(shown, "pyvenv.cfg", "which Python it is cannot be read there: name the Debian release in base.suite");
        }

        if (SystemPackages().IsMatch(settings))
        {
            import.Gap(
                shown,
                "include-system-site-packages",
                "packages of the machine's own Python are not looked at: add what you need of them"
            );
        }
    }

    /// <summary>Adds what was asked for of installed distributions.</summary>
    public static void AddPackages(Import import, IReadOnlyList<AddedPackage> installed, string shown)
    {
        var wanted = InstalledRequirement.Wanted(installed);
        foreach (var package in wanted)
        {
            var named = $"{package.Name} {package.Version}";
            if (InstalledRequirement.Of(package) is not { Text: { } text } requirement)
            {
                import.Gap(shown, named, InstalledRequirement.Of(package).Note ?? "");
                continue;
            }

            var read = new ForeignRequirements(import.Files);
            read.ReadLine(text, new SourceLocation(shown, 1, 1));
            if (read.Set.Requirements is not [var line])
            {
                import.Gap(shown, named, read.Refused.Count > 0 ? Import.Reason(read.Refused[0]) : "this is not a requirement");
                continue;
            }

            if (line.Requirement is { } looked)
            {
                import.Look(looked);
            }

            import.AddPython(shown, named, text, requirement.Note);
        }

        var others = installed.Count(package => !wanted.Contains(package) && !InstalledRequirement.IsTool(package));
        if (others > 0)
        {
            import.Became(shown, Count.Of(others, "other package"), "", "nobody asked for: lock finds what is needed");
        }
    }

    private static void AddConda(Import import, ConfinedDirectory root, IReadOnlyList<AddedPackage> installed, string shown)
    {
        var names = installed.Select(package => ProjectName.TryParse(package.Name, out var name) ? name.Normal : package.Name).ToHashSet();
        var others = 0;
        var specifications = new List<(string, string)>();
        foreach (var file in root.List("conda-meta").Order(StringComparer.Ordinal).Take(MostPackages))
        {
            // NAME-VERSION-BUILD.json
            if (Record().Match(file) is not { Success: true } record)
            {
                continue;
            }

            var (name, kind) = (record.Groups[1].Value.ToLowerInvariant(), CondaNames.Find(record.Groups[1].Value.ToLowerInvariant()).Kind);
            if (kind == CondaKind.Unknown)
            {
                specifications.Add((shown, name));
            }
            else if (kind is CondaKind.Debian or CondaKind.Interpreter or CondaKind.Cuda or CondaKind.CpuOnly)
            {
                var version =
                    kind == CondaKind.Interpreter ? string.Join('.', record.Groups[2].Value.Split('.').Take(2)) : record.Groups[2].Value;
                specifications.Add((shown, $"{record.Groups[1].Value}={version}"));
            }
            else if (kind == CondaKind.NotNeeded || !CondaNames.Find(name).Names.Any(python => IsInstalled(python, names)))
            {
                // What is Python's own is found where pip finds it.
                others++;
            }
        }

        if (others > 0)
        {
            import.Became(
                shown,
                Count.Of(others, "conda package"),
                "",
                "libraries and tools of conda's own: Debian and wheels bring theirs; add what you miss"
            );
        }

        CondaImport.AddAll(import, specifications);
    }

    private static bool IsInstalled(string python, HashSet<string> names) =>
        ProjectName.TryParse(python, out var name) && names.Contains(name.Normal);

    [GeneratedRegex(
        @"^include-system-site-packages\s*=\s*true",
        RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.IgnoreCase
    )]
    private static partial Regex SystemPackages();

    [GeneratedRegex(@"^version(?:_info)?\s*=\s*3\.([0-9]{1,2})", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Version();

    [GeneratedRegex(@"^([A-Za-z0-9_.-]{1,100})-([A-Za-z0-9_.!+]{1,60})-([A-Za-z0-9_.]{1,60})\.json\z", RegexOptions.CultureInvariant)]
    private static partial Regex Record();
}

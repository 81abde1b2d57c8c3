using System.Text.RegularExpressions;
using Torchyard.Flows.Starting;
using Torchyard.Packages.Conda;
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
        if (root.Status("conda-meta") is { IsDirectory: true })
        {
            AddConda(import, root, shown);
        }
        else if (root.ReadText("pyvenv.cfg", LargestSettings) is { } settings && Version().Match(settings) is { Success: true } version)
        {
            import.LookAtPython(shown, $"Python 3.{version.Groups[1].Value}", $"==3.{version.Groups[1].Value}.*");
        }

        AddPackages(import, ProjectPackages.Read(directory), shown);
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

    private static void AddConda(Import import, ConfinedDirectory root, string shown)
    {
        var specifications = new List<(string, string)>();
        foreach (var file in root.List("conda-meta").Order(StringComparer.Ordinal).Take(MostPackages))
        {
            // NAME-VERSION-BUILD.json; what is Python's own is found where pip finds it.
            if (
                Record().Match(file) is { Success: true } record
                && CondaNames.Find(record.Groups[1].Value.ToLowerInvariant()).Kind is var kind
                && kind is CondaKind.Debian or CondaKind.Interpreter or CondaKind.Cuda or CondaKind.CpuOnly
            )
            {
                var version =
                    kind == CondaKind.Interpreter ? string.Join('.', record.Groups[2].Value.Split('.').Take(2)) : record.Groups[2].Value;
                specifications.Add((shown, $"{record.Groups[1].Value}={version}"));
            }
        }

        CondaImport.AddAll(import, specifications);
    }

    [GeneratedRegex(@"^version(?:_info)?\s*=\s*3\.([0-9]{1,2})", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Version();

    [GeneratedRegex(@"^([A-Za-z0-9_.-]{1,100})-([A-Za-z0-9_.!+]{1,60})-([A-Za-z0-9_.]{1,60})\.json\z", RegexOptions.CultureInvariant)]
    private static partial Regex Record();
}

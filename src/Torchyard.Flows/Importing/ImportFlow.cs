using System.Globalization;
using Torchyard.Flows.Hosts;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Drafts;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Importing;

/// <summary>
/// Makes a recipe of what somebody has already: a requirement file, a pyproject.toml, an environment of conda, a Dockerfile, a pylock.toml,
/// a virtual environment, an environment that runs. It only writes a text; what a recipe may ask of the machine is asked when it is used.
/// </summary>
internal sealed class ImportFlow(Host host)
{
    /// <summary>Translates, and writes the recipe into the working directory.</summary>
    /// <returns>What became of everything; with <see cref="ImportRequest.Strict"/> and gaps, nothing was written.</returns>
    /// <exception cref="TorchyardException">TY1014: there is a recipe already; TY1050: the file is not what its name says; TY1052: there is
    /// nothing of that name.</exception>
    public async Task<ImportReport> RunAsync(ImportRequest request, CancellationToken cancellation)
    {
        var directory = host.Caller.WorkingDirectory;
        if (!request.Force && ProjectDirectory.Has(directory, RecipeReader.FileName))
        {
            throw new TorchyardException(
                "TY1014",
                $"there is already a {RecipeReader.FileName} here",
                "choose another directory, or give --force to overwrite it"
            )
            {
                IsUsage = true,
            };
        }

        var source = await ImportSource.FindAsync(host, request.From, cancellation);
        var import = new Import(
            new RecipeDraft { Name = RecipeName.From(Path.GetFileName(directory), otherwise: "project"), Origin = source.Shown },
            new ProjectFiles(source.Root),
            directory
        );
        // Every environment is of use with Python, and [python] needs both.
        import.Draft.AddPackage("python3");
        import.Draft.AddPackage("python3-venv");
        Add(import, source);
        foreach (var left in source.LeftOut)
        {
            import.Gap(left.Place, left.Text, left.Why);
        }

        if (source.Kind != ImportKind.Environment)
        {
            import.Suite.Settle(import);
            import.Draft.Ssh |= import.Draft.Packages.Contains("openssh-server");
        }

        var text = import.Draft.Write();
        var isWritten = !request.Strict || import.Gaps.Count == 0;
        if (isWritten)
        {
            ProjectDirectory.Write(directory, (RecipeReader.FileName, text));
        }

        return new ImportReport
        {
            Recipe = isWritten ? RecipeReader.FileName : "",
            Origin = source.Shown,
            Others =
            [
                .. source.Others.Where(file =>
                    !import.Rows.Any(row => IsOf(row.Place, file)) && !import.Gaps.Any(gap => IsOf(gap.Place, file))
                ),
            ],
            Rows = import.Rows,
            Gaps = InOrder(import.Gaps),
            Text = text,
        };
    }

    private static bool IsOf(string place, string file) => place == file || place.StartsWith(file + ":", StringComparison.Ordinal);

    // File by file as they were read, and by line.
    private static IReadOnlyList<ImportGap> InOrder(IReadOnlyList<ImportGap> gaps)
    {
        var files = gaps.Select(gap => FileOf(gap.Place)).Distinct(StringComparer.Ordinal).ToList();
        return [.. gaps.OrderBy(gap => files.IndexOf(FileOf(gap.Place))).ThenBy(gap => LineOf(gap.Place))];

        static string FileOf(string place) => place.LastIndexOf(':') is > 0 and var colon ? place[..colon] : place;

        static int LineOf(string place) =>
            int.TryParse(place.AsSpan(place.LastIndexOf(':') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var line)
                ? line
                : 0;
    }

    private void Add(Import import, ImportSource source)
    {
        switch (source.Kind)
        {
            case ImportKind.Requirements:
                RequirementsImport.Add(import, source.Path);
                break;
            case ImportKind.Pyproject:
                ProjectImport.Add(import, source.Path, []);
                break;
            case ImportKind.Conda:
                CondaImport.Add(import, source.Path);
                break;
            case ImportKind.Dockerfile:
                DockerfileImport.Add(import, source.Path);
                break;
            case ImportKind.Pylock:
                AddPylock(import, source);
                break;
            case ImportKind.Installed:
                InstalledImport.Add(import, source.Path, source.Shown);
                break;
            default:
                EnvironmentImport.Add(import, host, source.Container!);
                break;
        }
    }

    // The file is an answer, and stays one: its versions and hashes are the recipe's.
    private static void AddPylock(Import import, ImportSource source)
    {
        if (!import.IsInProject)
        {
            import.Gap(
                source.Shown,
                source.Shown,
                "a recipe takes a pylock.toml as it is: copy the file here, and run the same from there"
            );
            return;
        }

        import.Draft.Pylock = import.Named(source.Path);
        import.Became(source.Shown, "versions and hashes", $"python.pylock {import.Draft.Pylock}", "taken as it is");
        var (requires, minor) = PylockReader.PythonOf(import.Draft.Pylock, import.Files, SuiteChoice.Minors);
        if (requires is not null)
        {
            import.LookAtPython(source.Shown, $"requires-python {requires}", requires);
        }

        if (minor is { } wheels)
        {
            import.LookAtPython(source.Shown, $"wheels for Python 3.{wheels}", $"==3.{wheels}.*");
        }
    }
}

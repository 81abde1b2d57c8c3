using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;

namespace Torchyard.Flows.Importing;

/// <summary>What a recipe can be made from.</summary>
internal enum ImportKind
{
    /// <summary>A requirement file.</summary>
    Requirements,

    /// <summary>A pyproject.toml.</summary>
    Pyproject,

    /// <summary>An environment.yml.</summary>
    Conda,

    /// <summary>A Dockerfile.</summary>
    Dockerfile,

    /// <summary>A pylock.toml.</summary>
    Pylock,

    /// <summary>A virtual environment, or an environment of conda.</summary>
    Installed,

    /// <summary>A container.</summary>
    Environment,
}

/// <summary>What the user named with <c>--from</c>.</summary>
internal sealed record ImportSource
{
    private const int MostBytesToTell = 4096;

    /// <summary>What it is.</summary>
    public required ImportKind Kind { get; init; }

    /// <summary>Absolute path of the file or directory; empty for a container.</summary>
    public required string Path { get; init; }

    /// <summary>Directory that nothing is read beyond.</summary>
    public required string Root { get; init; }

    /// <summary>Its name for messages.</summary>
    public required string Shown { get; init; }

    /// <summary>Other files of the directory that it could have been.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];

    /// <summary>Files of the directory that it could have been, and that are not read, with why.</summary>
    public IReadOnlyList<ImportGap> LeftOut { get; init; } = [];

    /// <summary>The container.</summary>
    public ContainerRecord? Container { get; init; }

    /// <summary>Finds it.</summary>
    /// <exception cref="TorchyardException">TY1050: it is none of these; TY1052: there is nothing of that name.</exception>
    public static async Task<ImportSource> FindAsync(Host host, string named, CancellationToken cancellation)
    {
        var full = host.Caller.FullPath(named);
        return Directory.Exists(full) ? OfDirectory(host, full, named)
            : System.IO.Path.Exists(full) ? OfFile(host, full, named)
            : await OfContainerAsync(host, named, cancellation);
    }

    private static ImportSource OfDirectory(Host host, string directory, string named)
    {
        if (InstalledImport.IsEnvironment(directory))
        {
            return new ImportSource
            {
                Kind = ImportKind.Installed,
                Path = RealPath.Of(directory),
                Root = host.Caller.WorkingDirectory,
                Shown = named,
            };
        }

        // A Dockerfile names the other files itself; an environment.yml has more than Python.
        var found = new List<(string Name, ImportKind Kind)>();
        var left = new List<ImportGap>();
        foreach (var (name, kind) in Candidates(directory))
        {
            if (Unfit(directory, name) is { } why)
            {
                left.Add(new ImportGap(System.IO.Path.Combine(named, name), name, why));
            }
            else
            {
                found.Add((name, kind));
            }
        }

        if (found.Count == 0)
        {
            throw new TorchyardException(
                "TY1052",
                $"there is nothing in {named} to make a recipe from"
                    + (left.Count > 0 ? $": {VisibleText.Of(left[0].Text)} is left out, as {left[0].Why}" : ""),
                "name a Dockerfile, environment.yml, pylock.toml, requirements.txt or pyproject.toml, or a virtual environment"
            )
            {
                IsUsage = true,
            };
        }

        var file = System.IO.Path.Combine(directory, found[0].Name);
        var read = OfFile(host, file, System.IO.Path.GetRelativePath(host.Caller.WorkingDirectory, file));
        return read with
        {
            // Not where the file leads by the time that it is opened.
            Root = read.Root == host.Caller.WorkingDirectory ? read.Root : RealPath.Of(directory),
            Others = [.. found.Skip(1).Select(one => one.Name)],
            LeftOut = left,
        };
    }

    private static IEnumerable<(string Name, ImportKind Kind)> Candidates(string directory) =>
        Directory
            .EnumerateFileSystemEntries(directory)
            .Select(entry => System.IO.Path.GetFileName(entry))
            .Select(name => (Name: name, Kind: ByName(name)))
            .Where(one => one.Kind is not null)
            .Select(one => (one.Name, Kind: one.Kind!.Value))
            .OrderBy(one => Rank(one.Kind))
            .ThenBy(one => one.Name.Length)
            .ThenBy(one => one.Name, StringComparer.Ordinal);

    /// <summary>
    /// Why a file that nobody named is not read; null where it may be. The directory may be a clone of somebody else's: what a link in it
    /// leads to is only theirs where it stays inside.
    /// </summary>
    private static string? Unfit(string directory, string name)
    {
        var (real, root) = (RealPath.Of(System.IO.Path.Combine(directory, name)), RealPath.Of(directory));
        return !RealPath.IsWithin(real, root) ? "it is a link that leads out of the directory; if you want that, name the file itself"
            : FileFacts.Find(real) is not { } facts ? "it leads nowhere"
            : facts.IsRegular ? null
            : $"it is {facts.Description}, not a regular file";
    }

    private static ImportSource OfFile(Host host, string file, string named)
    {
        var name = System.IO.Path.GetFileName(file);
        if (name.StartsWith("python", StringComparison.Ordinal) && Around(file) is { } environment)
        {
            return OfDirectory(host, environment, named);
        }

        if (Refusal(name) is { } cure)
        {
            throw new TorchyardException("TY1050", $"{named} is not a file that is read here", cure) { IsUsage = true };
        }

        var real = RealPath.Of(file);
        var project = RealPath.Of(host.Caller.WorkingDirectory);
        var isInProject = RealPath.IsWithin(real, project);
        return new ImportSource
        {
            Kind = ByName(name) ?? ByContent(real, named),
            Path = isInProject ? System.IO.Path.Combine(host.Caller.WorkingDirectory, System.IO.Path.GetRelativePath(project, real)) : real,
            Root = isInProject ? host.Caller.WorkingDirectory : System.IO.Path.GetDirectoryName(real)!,
            Shown = named,
        };
    }

    private static async Task<ImportSource> OfContainerAsync(Host host, string named, CancellationToken cancellation)
    {
        var containers = await host.Containers().ListAsync(cancellation);
        if (containers.FirstOrDefault(container => container.Record.Name == named) is { } found)
        {
            return new ImportSource
            {
                Kind = ImportKind.Environment,
                Path = "",
                Root = host.Caller.WorkingDirectory,
                Shown = $"the environment {named}",
                Container = found.Record,
            };
        }

        var nearest = NearestName.Find(named, containers.Select(container => container.Record.Name));
        throw new TorchyardException(
            "TY1052",
            $"there is no file, directory or environment '{named}'",
            (nearest is null ? "" : $"did you mean '{nearest}'? ")
                + "name a requirements.txt, pyproject.toml, environment.yml, Dockerfile or pylock.toml, a directory with one, or "
                + "an environment of 'torchyard ps'"
        )
        {
            IsUsage = true,
        };
    }

    /// <summary>The virtual environment around an interpreter; null where it is in none.</summary>
    private static string? Around(string python)
    {
        var directory = System.IO.Path.GetDirectoryName(System.IO.Path.GetDirectoryName(python));
        return directory is not null && InstalledImport.IsEnvironment(directory) ? directory : null;
    }

    private static ImportKind? ByName(string name)
    {
        var lower = name.ToLowerInvariant();
        return lower is "dockerfile" or "containerfile"
            || lower.StartsWith("dockerfile.", StringComparison.Ordinal)
            || lower.EndsWith(".dockerfile", StringComparison.Ordinal)
                ? ImportKind.Dockerfile
            : lower is "pyproject.toml" ? ImportKind.Pyproject
            : lower.StartsWith("pylock.", StringComparison.Ordinal) && lower.EndsWith(".toml", StringComparison.Ordinal) ? ImportKind.Pylock
            : lower.StartsWith("environment", StringComparison.Ordinal)
            && (lower.EndsWith(".yml", StringComparison.Ordinal) || lower.EndsWith(".yaml", StringComparison.Ordinal))
                ? ImportKind.Conda
            : lower.StartsWith("requirements", StringComparison.Ordinal)
            && (lower.EndsWith(".txt", StringComparison.Ordinal) || lower.EndsWith(".in", StringComparison.Ordinal))
                ? ImportKind.Requirements
            : null;
    }

    private static int Rank(ImportKind kind) =>
        kind switch
        {
            ImportKind.Dockerfile => 0,
            ImportKind.Conda => 1,
            ImportKind.Pylock => 2,
            ImportKind.Requirements => 3,
            _ => 4,
        };

    private static ImportKind ByContent(string path, string named)
    {
        using var file = RegularFile.OpenRead(path);
        var start = new byte[MostBytesToTell];
        var text = System.Text.Encoding.UTF8.GetString(start, 0, file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false));
        var lines = text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').ToList();
        return lines.Exists(line => line.StartsWith("FROM ", StringComparison.OrdinalIgnoreCase)) ? ImportKind.Dockerfile
            : lines.Exists(line => line.StartsWith("dependencies:", StringComparison.Ordinal)) ? ImportKind.Conda
            : lines.Exists(line => line is "[project]" || line.StartsWith("[tool.", StringComparison.Ordinal)) ? ImportKind.Pyproject
            : lines.Exists(line => line.StartsWith("lock-version", StringComparison.Ordinal)) ? ImportKind.Pylock
            : path.EndsWith(".txt", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".in", StringComparison.OrdinalIgnoreCase)
                ? ImportKind.Requirements
            : throw new TorchyardException(
                "TY1050",
                $"what {named} is cannot be told by its name or content",
                "name a requirements.txt, pyproject.toml, environment.yml, Dockerfile or pylock.toml"
            )
            {
                IsUsage = true,
            };
    }

    private static string? Refusal(string name) =>
        name switch
        {
            "uv.lock" => "write it as a pylock.toml: uv export --format pylock.toml -o pylock.toml",
            "poetry.lock" => "write it as requirements: poetry export -o requirements.txt; or name pyproject.toml",
            "Pipfile" or "Pipfile.lock" => "write it as requirements: pipenv requirements > requirements.txt",
            "setup.py" or "setup.cfg" => "write what it needs into a requirements.txt: nothing is run to find that out",
            "conda-lock.yml" => "name the environment.yml that it was made from",
            "docker-compose.yml" or "compose.yaml" or "compose.yml" => "name the Dockerfile that it builds",
            _ => null,
        };
}

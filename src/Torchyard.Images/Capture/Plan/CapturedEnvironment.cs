using System.Text.RegularExpressions;
using Torchyard.Images.Capture.Host;
using Torchyard.Images.Capture.Request;

namespace Torchyard.Images.Capture.Plan;

/// <summary>What a directory is.</summary>
public enum EnvironmentKind
{
    /// <summary>A virtual environment (PEP 405): it has <c>pyvenv.cfg</c> and borrows its interpreter.</summary>
    VirtualEnvironment,

    /// <summary>A conda prefix: it has <c>conda-meta/</c> and its own interpreter.</summary>
    Conda,

    /// <summary>An installation of Python: <c>bin/python3</c> and <c>lib/python3.X</c>.</summary>
    Prefix,

    /// <summary>Anything else.</summary>
    Directory,
}

/// <summary>The directory that is captured, as its own files describe it. Nothing of it is run.</summary>
internal sealed partial record CapturedEnvironment
{
    private static readonly string[] LibraryDirectories = ["lib", "lib64", "local/lib"];

    /// <summary>Absolute path as the user gave it, which its scripts use.</summary>
    public required string Path { get; init; }

    /// <summary>The same without links.</summary>
    public required string Real { get; init; }

    public required EnvironmentKind Kind { get; init; }

    /// <summary>The interpreter as a path inside the environment; null when there is none.</summary>
    public string? Interpreter { get; init; }

    /// <summary>The interpreter's file, without links.</summary>
    public string? RealInterpreter { get; init; }

    /// <summary>Language version, <c>3.12</c>; null without an interpreter.</summary>
    public string? Version { get; init; }

    /// <summary>Full version as far as the files say it, <c>3.12.3</c>.</summary>
    public string? FullVersion { get; init; }

    /// <summary><c>home</c> of pyvenv.cfg: the directory of the borrowed interpreter.</summary>
    public string? Home { get; init; }

    /// <summary>True when pyvenv.cfg lets the environment see the system's packages.</summary>
    public bool SystemSite { get; init; }

    /// <summary>Existing site directories, by absolute path without links.</summary>
    public IReadOnlyList<string> Sites { get; init; } = [];

    /// <summary>Looks at a directory.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY3030: no directory; TY3031: its interpreter is gone.</exception>
    public static CapturedEnvironment Inspect(HostTree tree, string path)
    {
        var real = tree.Resolve(path);
        if (real is null || !tree.IsDirectory(real))
        {
            throw CaptureErrors.NoDirectory(path);
        }

        var found = new CapturedEnvironment
        {
            Path = path,
            Real = real,
            Kind = EnvironmentKind.Directory,
        };
        if (tree.ReadText(real + "/pyvenv.cfg") is { } configuration)
        {
            found = found.ReadConfiguration(configuration) with { Kind = EnvironmentKind.VirtualEnvironment };
        }
        else if (tree.IsDirectory(real + "/conda-meta"))
        {
            found = found with { Kind = EnvironmentKind.Conda };
        }

        found = found.FindInterpreter(tree);
        if (found.Version is null)
        {
            return found;
        }

        return found with
        {
            Kind = found.Kind == EnvironmentKind.Directory ? EnvironmentKind.Prefix : found.Kind,
            FullVersion = found.FullVersion ?? (found.Kind == EnvironmentKind.Conda ? CondaVersion(tree, real) : null) ?? found.Version,
            Sites =
            [
                .. LibraryDirectories
                    .SelectMany(library =>
                        new[]
                        {
                            $"{real}/{library}/python{found.Version}/site-packages",
                            $"{real}/{library}/python{found.Version}/dist-packages",
                        }
                    )
                    .Select(site => tree.Resolve(site))
                    .OfType<string>()
                    .Distinct(StringComparer.Ordinal),
            ],
        };
    }

    private CapturedEnvironment ReadConfiguration(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in text.Split('\n'))
        {
            if (line.IndexOf('=', StringComparison.Ordinal) is var equals and > 0)
            {
                values[line[..equals].Trim()] = line[(equals + 1)..].Trim();
            }
        }

        return this with
        {
            Home = values.GetValueOrDefault("home"),
            SystemSite = string.Equals(
                values.GetValueOrDefault("include-system-site-packages"),
                "true",
                StringComparison.OrdinalIgnoreCase
            ),
            // venv writes "version", virtualenv and uv "version_info", perhaps with the release level behind it.
            FullVersion = FullVersionPattern().Match(values.GetValueOrDefault("version") ?? values.GetValueOrDefault("version_info") ?? "")
                is { Success: true } match
                ? match.Value
                : null,
        };
    }

    private CapturedEnvironment FindInterpreter(HostTree tree)
    {
        var candidates = tree.List(Real + "/bin")
            .Where(name => InterpreterName().IsMatch(name))
            .OrderBy(name =>
                name switch
                {
                    "python3" => 0,
                    "python" => 1,
                    _ => 2,
                }
            )
            .ThenBy(name => name, StringComparer.Ordinal)
            .ToList();
        foreach (var name in candidates)
        {
            if (tree.Resolve($"{Real}/bin/{name}") is { } target && tree.IsFile(target) && VersionOf(tree, target) is { } version)
            {
                return this with { Interpreter = $"{Path}/bin/{name}", RealInterpreter = target, Version = version };
            }
        }

        return candidates.Count > 0 && Kind == EnvironmentKind.VirtualEnvironment
            ? throw CaptureErrors.BrokenInterpreter($"{Path}/bin/{candidates[0]}", tree.ReadLink($"{Real}/bin/{candidates[0]}"))
            : this;
    }

    /// <summary>
    /// The environment's own lib/pythonX.Y says it; where there are several, the interpreter's file name or pyvenv.cfg decides.
    /// </summary>
    private string? VersionOf(HostTree tree, string interpreter)
    {
        var libraries = tree.List(Real + "/lib")
            .Concat(tree.List(Real + "/lib64"))
            .Select(name => LibraryName().Match(name))
            .Where(match => match.Success)
            .Select(match => match.Groups[1].Value)
            .Distinct(StringComparer.Ordinal)
            .ToList();
        var named = VersionedName().Match(interpreter[(interpreter.LastIndexOf('/') + 1)..]) is { Success: true } match
            ? match.Groups[1].Value
            : null;
        var configured = FullVersion is { } full ? string.Join('.', full.Split('.').Take(2)) : null;
        return libraries.Count == 1
            ? libraries[0]
            : new[] { named, configured }.FirstOrDefault(version => version is not null && libraries.Contains(version)) ?? named;
    }

    private static string? CondaVersion(HostTree tree, string prefix) =>
        tree.List(prefix + "/conda-meta")
            .Select(name => CondaPython().Match(name))
            .Where(match => match.Success)
            .Select(match => match.Groups[1].Value)
            .FirstOrDefault();

    [GeneratedRegex(@"^python(3(\.[0-9]+)?)?\z")]
    private static partial Regex InterpreterName();

    [GeneratedRegex(@"^python(3\.[0-9]+)\z")]
    private static partial Regex LibraryName();

    [GeneratedRegex(@"^python(3\.[0-9]+)\z")]
    private static partial Regex VersionedName();

    [GeneratedRegex(@"^\d+\.\d+(\.\d+)?")]
    private static partial Regex FullVersionPattern();

    [GeneratedRegex(@"^python-(\d+\.\d+\.\d+)-")]
    private static partial Regex CondaPython();
}

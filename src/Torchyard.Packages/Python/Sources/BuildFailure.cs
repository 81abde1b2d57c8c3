using System.Text.RegularExpressions;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Sources;

/// <summary>Says what a failed build lacks, as far as its last lines show it.</summary>
internal static partial class BuildFailure
{
    private const int LinesShown = 25;
    private const string Meaning = "they are there while wheels are built, and not in the image";

    /// <summary>The error for a hook that failed.</summary>
    /// <param name="name">Project or source.</param>
    /// <param name="hook">What was asked of the backend.</param>
    /// <param name="result">How that ended.</param>
    public static TorchyardException Explain(string name, string hook, HookResult result)
    {
        var lines = result.Output.TrimEnd().Split('\n');
        var shown = string.Join('\n', lines.TakeLast(LinesShown).Select(line => "  " + line.TrimEnd()));
        return new TorchyardException(
            "TY2524",
            $"building a wheel of {name} failed: {hook} of its build backend ended with exit status {result.ExitCode}. Its last "
                + $"lines:\n{shown}",
            Cure(result.Output)
        );
    }

    private static string Cure(string output)
    {
        if (Network().IsMatch(output))
        {
            return "The build wants the network, which no build has. Name a wheel of it, or a source that has all it needs";
        }

        return PythonHeader().IsMatch(output) ? Add("\"gcc\", \"python3-dev\"")
            : Header().Match(output) is { Success: true } header
                ? $"Name the Debian package that has {header.Groups[1].Value} in build-packages of [python]; {Meaning}"
            : Program().Match(output) is { Success: true } program
            && Packages.TryGetValue(program.Groups.Values.Skip(1).First(group => group.Success).Value, out var packages)
                ? Add(packages)
            : $"If it lacks a compiler, a header or a tool: name its Debian package in build-packages of [python], such as "
                + $"build-packages = [\"gcc\", \"python3-dev\"]; {Meaning}";

        static string Add(string packages) => $"Add to [python] of the recipe: build-packages = [{packages}]; {Meaning}";
    }

    // What backends call, and the Debian packages that have it; a C compiler alone has no headers of the C library.
    private static readonly Dictionary<string, string> Packages = new(StringComparer.Ordinal)
    {
        ["gcc"] = "\"gcc\", \"python3-dev\"",
        ["cc"] = "\"gcc\", \"python3-dev\"",
        ["x86_64-linux-gnu-gcc"] = "\"gcc\", \"python3-dev\"",
        ["aarch64-linux-gnu-gcc"] = "\"gcc\", \"python3-dev\"",
        ["g++"] = "\"g++\", \"python3-dev\"",
        ["c++"] = "\"g++\", \"python3-dev\"",
        ["x86_64-linux-gnu-g++"] = "\"g++\", \"python3-dev\"",
        ["aarch64-linux-gnu-g++"] = "\"g++\", \"python3-dev\"",
        ["gfortran"] = "\"gfortran\"",
        ["cmake"] = "\"cmake\", \"g++\"",
        ["ninja"] = "\"ninja-build\"",
        ["make"] = "\"make\"",
        ["pkg-config"] = "\"pkg-config\"",
        ["cargo"] = "\"cargo\"",
        ["rustc"] = "\"rustc\"",
        ["git"] = "\"git\"",
        ["nvcc"] = "\"nvidia-cuda-toolkit\"",
    };

    [GeneratedRegex(@"Python\.h: No such file", RegexOptions.CultureInvariant)]
    private static partial Regex PythonHeader();

    [GeneratedRegex(@"fatal error: (\S+): No such file or directory", RegexOptions.CultureInvariant)]
    private static partial Regex Header();

    [GeneratedRegex(
        @"command '([^']+)' failed|No such file or directory: '([^']+)'|(?:^|[\s:])([a-z0-9_+-]+): (?:command )?not found|Unknown compiler\(s\): \[\['([^']+)'\]",
        RegexOptions.CultureInvariant | RegexOptions.Multiline
    )]
    private static partial Regex Program();

    [GeneratedRegex(
        "Temporary failure in name resolution|Network is unreachable|Could not resolve host|Name or service not known",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Network();
}

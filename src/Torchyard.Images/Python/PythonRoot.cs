using System.Text.RegularExpressions;
using Torchyard.Platform.Errors;

namespace Torchyard.Images.Python;

/// <summary>The Python of a base system, found in its layers.</summary>
/// <param name="Version">Language version, e.g. <c>3.13</c>.</param>
/// <param name="PipWheel">pip's wheel on this machine, below the layers, or null.</param>
/// <param name="PipWheelInside">The same, inside the root.</param>
internal sealed partial record PythonRoot(string Version, string? PipWheel, string? PipWheelInside)
{
    // Debian's python3-pip-whl keeps the wheels of ensurepip here.
    private const string Wheels = "usr/share/python-wheels";

    /// <summary>Looks through the layers, top first.</summary>
    /// <exception cref="TorchyardException">TY2516: there is no Python 3.</exception>
    internal static PythonRoot Find(IReadOnlyList<string> lower)
    {
        var version = lower
            .SelectMany(layer => Names(Path.Combine(layer, "usr/bin"), "python3.*"))
            .Select(name => Interpreter().Match(name))
            .FirstOrDefault(match => match.Success)
            ?.Groups[1]
            .Value
            ?? throw Missing("no Python 3");
        foreach (var layer in lower)
        {
            if (Names(Path.Combine(layer, Wheels), "pip-*-py3-none-any.whl").Order(StringComparer.Ordinal).LastOrDefault() is { } wheel)
            {
                return new PythonRoot(version, Path.Combine(layer, Wheels, wheel), $"/{Wheels}/{wheel}");
            }
        }

        return new PythonRoot(version, null, null);
    }

    internal static TorchyardException Missing(string what) =>
        new("TY2516", $"the base system has {what}", "add python3 and python3-venv to the recipe's packages");

    private static IEnumerable<string> Names(string directory, string pattern) =>
        Directory.Exists(directory) ? Directory.EnumerateFiles(directory, pattern).Select(path => Path.GetFileName(path)) : [];

    [GeneratedRegex(@"^python(3\.[0-9]+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Interpreter();
}

namespace Torchyard.Packages.Python.Wheels;

/// <summary>
/// Where a virtual environment keeps what (Python's <c>sysconfig</c>, scheme <c>venv</c>); paths relative to the environment.
/// </summary>
/// <param name="Interpreter">Language version, e.g. <c>3.13</c>.</param>
/// <param name="Root">Absolute path of the environment inside the image.</param>
public sealed record VenvLayout(string Interpreter, string Root)
{
    /// <summary>purelib and platlib, which are one directory here.</summary>
    public string SitePackages => $"lib/python{Interpreter}/site-packages";

    /// <summary>Scripts.</summary>
    public const string Scripts = "bin";

    /// <summary>Interpreter that scripts name in their first line.</summary>
    public string Python => $"{Root}/bin/python";

    /// <summary>Headers of a distribution, where pip puts them in a virtual environment.</summary>
    public string Headers(string name) => $"include/site/python{Interpreter}/{name}";

    /// <summary>A path as RECORD writes it: relative to site-packages.</summary>
    public string RecordPath(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.StartsWith(SitePackages + "/", StringComparison.Ordinal) ? path[(SitePackages.Length + 1)..] : "../../../" + path;
    }
}

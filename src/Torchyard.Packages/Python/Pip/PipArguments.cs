namespace Torchyard.Packages.Python.Pip;

/// <summary>The command line and environment of pip at lock time.</summary>
public static class PipArguments
{
    /// <summary>Nothing of the user's or the machine's pip settings reaches pip: Torchyard has read them.</summary>
    public static IReadOnlyDictionary<string, string> Environment { get; } =
        new Dictionary<string, string>
        {
            ["LC_ALL"] = "C.UTF-8",
            ["NO_PROXY"] = "127.0.0.1",
            ["PIP_CONFIG_FILE"] = "/dev/null",
            ["PYTHONDONTWRITEBYTECODE"] = "1",
            ["PYTHONNOUSERSITE"] = "1",
        };

    // While pip waits for METADATA of a source, Torchyard builds it; days are enough for any compiler.
    private const string Timeout = "604800";

    /// <summary>Arguments from <c>pip</c> on.</summary>
    /// <param name="request">What to resolve.</param>
    /// <param name="requirements">Path of the requirements file, as pip sees it.</param>
    /// <param name="constraints">Path of the constraints file.</param>
    /// <param name="report">Path that the report is written to.</param>
    public static IReadOnlyList<string> Resolve(PipRequest request, string requirements, string constraints, string report)
    {
        ArgumentNullException.ThrowIfNull(request);
        return
        [
            "pip",
            "--isolated",
            "--no-input",
            "--disable-pip-version-check",
            "--no-cache-dir",
            "install",
            "--dry-run",
            "--ignore-installed",
            "--report",
            report,
            "--index-url",
            request.IndexUrl.AbsoluteUri,
            "--only-binary",
            ":all:",
            "--progress-bar",
            "off",
            "--retries",
            "0",
            "--timeout",
            Timeout,
            .. request.PreReleases ? new[] { "--pre" } : [],
            "--requirement",
            requirements,
            "--constraint",
            constraints,
        ];
    }
}

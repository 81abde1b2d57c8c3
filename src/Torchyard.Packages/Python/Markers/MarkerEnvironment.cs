using Torchyard.Packages.Python.Versions;

namespace Torchyard.Packages.Python.Markers;

/// <summary>Values of the environment markers for one interpreter ("Dependency specifiers", Environment Markers; PEP 508).</summary>
public sealed record MarkerEnvironment
{
    /// <summary><c>os.name</c>.</summary>
    public string OsName { get; init; } = "posix";

    /// <summary><c>sys.platform</c>.</summary>
    public string SysPlatform { get; init; } = "linux";

    /// <summary><c>platform.machine()</c>, e.g. <c>x86_64</c>.</summary>
    public string PlatformMachine { get; init; } = "x86_64";

    /// <summary><c>platform.python_implementation()</c>.</summary>
    public string PlatformPythonImplementation { get; init; } = "CPython";

    /// <summary><c>platform.release()</c>; empty when the kernel is not known beforehand.</summary>
    public string PlatformRelease { get; init; } = "";

    /// <summary><c>platform.system()</c>.</summary>
    public string PlatformSystem { get; init; } = "Linux";

    /// <summary><c>platform.version()</c>; empty when the kernel is not known beforehand.</summary>
    public string PlatformVersion { get; init; } = "";

    /// <summary>Major and minor version, e.g. <c>3.12</c>.</summary>
    public required string PythonVersion { get; init; }

    /// <summary><c>platform.python_version()</c>, e.g. <c>3.12.11</c>.</summary>
    public required string PythonFullVersion { get; init; }

    /// <summary><c>sys.implementation.name</c>.</summary>
    public string ImplementationName { get; init; } = "cpython";

    /// <summary>Version of the implementation; for CPython that of the language.</summary>
    public required string ImplementationVersion { get; init; }

    /// <summary>CPython on Linux.</summary>
    /// <param name="fullVersion">Full version, e.g. <c>3.12.11</c>; <c>3.12</c> is read as <c>3.12.0</c>.</param>
    /// <param name="machine"><c>platform.machine()</c>.</param>
    public static MarkerEnvironment CPythonOnLinux(PythonVersion fullVersion, string machine = "x86_64")
    {
        var text = fullVersion.Release.Length < 3 ? $"{fullVersion.Segment(0)}.{fullVersion.Segment(1)}.0" : fullVersion.ToString();
        return new MarkerEnvironment
        {
            PlatformMachine = machine,
            PythonVersion = $"{fullVersion.Segment(0)}.{fullVersion.Segment(1)}",
            PythonFullVersion = text,
            ImplementationVersion = text,
        };
    }
}

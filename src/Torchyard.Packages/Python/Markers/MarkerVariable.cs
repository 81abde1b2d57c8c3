namespace Torchyard.Packages.Python.Markers;

internal enum MarkerVariable
{
    OsName,
    SysPlatform,
    PlatformMachine,
    PlatformPythonImplementation,
    PlatformRelease,
    PlatformSystem,
    PlatformVersion,
    PythonVersion,
    PythonFullVersion,
    ImplementationName,
    ImplementationVersion,
    Extra,
    Extras,
    DependencyGroups,
}

/// <summary>Names and values of the marker variables, with the spellings from before PEP 508 that old METADATA still has.</summary>
internal static class MarkerVariables
{
    public static MarkerVariable? Find(ReadOnlySpan<char> name) =>
        name switch
        {
            "os_name" or "os.name" => MarkerVariable.OsName,
            "sys_platform" or "sys.platform" => MarkerVariable.SysPlatform,
            "platform_machine" or "platform.machine" => MarkerVariable.PlatformMachine,
            "platform_python_implementation" or "platform.python_implementation" or "python_implementation" =>
                MarkerVariable.PlatformPythonImplementation,
            "platform_release" => MarkerVariable.PlatformRelease,
            "platform_system" => MarkerVariable.PlatformSystem,
            "platform_version" or "platform.version" => MarkerVariable.PlatformVersion,
            "python_version" => MarkerVariable.PythonVersion,
            "python_full_version" => MarkerVariable.PythonFullVersion,
            "implementation_name" => MarkerVariable.ImplementationName,
            "implementation_version" => MarkerVariable.ImplementationVersion,
            "extra" => MarkerVariable.Extra,
            "extras" => MarkerVariable.Extras,
            "dependency_groups" => MarkerVariable.DependencyGroups,
            _ => null,
        };

    public static string Name(this MarkerVariable variable) =>
        variable switch
        {
            MarkerVariable.OsName => "os_name",
            MarkerVariable.SysPlatform => "sys_platform",
            MarkerVariable.PlatformMachine => "platform_machine",
            MarkerVariable.PlatformPythonImplementation => "platform_python_implementation",
            MarkerVariable.PlatformRelease => "platform_release",
            MarkerVariable.PlatformSystem => "platform_system",
            MarkerVariable.PlatformVersion => "platform_version",
            MarkerVariable.PythonVersion => "python_version",
            MarkerVariable.PythonFullVersion => "python_full_version",
            MarkerVariable.ImplementationName => "implementation_name",
            MarkerVariable.ImplementationVersion => "implementation_version",
            MarkerVariable.Extra => "extra",
            MarkerVariable.Extras => "extras",
            _ => "dependency_groups",
        };

    public static string Value(this MarkerVariable variable, MarkerContext context) =>
        variable switch
        {
            MarkerVariable.OsName => context.Environment.OsName,
            MarkerVariable.SysPlatform => context.Environment.SysPlatform,
            MarkerVariable.PlatformMachine => context.Environment.PlatformMachine,
            MarkerVariable.PlatformPythonImplementation => context.Environment.PlatformPythonImplementation,
            MarkerVariable.PlatformRelease => context.Environment.PlatformRelease,
            MarkerVariable.PlatformSystem => context.Environment.PlatformSystem,
            MarkerVariable.PlatformVersion => context.Environment.PlatformVersion,
            MarkerVariable.PythonVersion => context.Environment.PythonVersion,
            MarkerVariable.PythonFullVersion => context.Environment.PythonFullVersion,
            MarkerVariable.ImplementationName => context.Environment.ImplementationName,
            MarkerVariable.ImplementationVersion => context.Environment.ImplementationVersion,
            _ => context.Extra,
        };
}

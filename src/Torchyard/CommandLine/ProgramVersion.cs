using System.Reflection;
using System.Runtime.InteropServices;

namespace Torchyard.CommandLine;

/// <summary>Version of the program.</summary>
internal static class ProgramVersion
{
    /// <summary>Version number such as <c>0.1.0</c>.</summary>
    public static string Number { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    /// <summary>Processor of the program in Go's naming, as OCI uses it.</summary>
    public static string Architecture =>
        RuntimeInformation.ProcessArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
            var other => other.ToString().ToLowerInvariant(),
        };

    /// <summary>One line for people.</summary>
    public static string Text => $"torchyard {Number} linux/{Architecture}";
}

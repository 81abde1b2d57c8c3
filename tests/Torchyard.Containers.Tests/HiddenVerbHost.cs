using System.Runtime.CompilerServices;
using Torchyard.Containers.Starting;

namespace Torchyard.Containers.Tests;

/// <summary>Lets the test program answer the hidden verbs, so that code which starts "this program" again works under test.</summary>
internal static class HiddenVerbHost
{
#pragma warning disable CA2255 // The only place before the runner's generated entry point.
    [ModuleInitializer]
#pragma warning restore CA2255
    public static void Answer()
    {
        if (HiddenVerbs.TryRun([.. Environment.GetCommandLineArgs().Skip(1)], out var exitCode))
        {
            Environment.Exit(exitCode);
        }
    }
}

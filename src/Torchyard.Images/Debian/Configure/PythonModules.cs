namespace Torchyard.Images.Debian.Configure;

/// <summary>Which Python modules of an image have bytecode.</summary>
internal static class PythonModules
{
    /// <summary>
    /// False for the tests that packages carry, a quarter of all modules of a PyTorch environment: nobody imports them in passing, so their
    /// bytecode is only weight and time. Whoever runs them has them compiled then.
    /// </summary>
    /// <param name="path">Name of a module's file.</param>
    public static bool HasBytecode(string path) =>
        path.EndsWith(".py", StringComparison.Ordinal) && !path.Contains("/tests/", StringComparison.Ordinal);
}

namespace Torchyard.Testing.Requirements;

/// <summary>What a test needs of the machine: without it the test is skipped, and says what it lacked.</summary>
public static class Requires
{
    /// <summary>True where the tests run as root.</summary>
    public static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>Needs root.</summary>
    /// <param name="why">Says so, and for what: "needs root, to give files away".</param>
    public static void Root(string why) => Assert.SkipUnless(IsRoot, why);

    /// <summary>Needs a program.</summary>
    /// <returns>Its full path.</returns>
    public static string Program(string name)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Append("/usr/sbin")
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"{name} is not installed");
        return path!;
    }
}

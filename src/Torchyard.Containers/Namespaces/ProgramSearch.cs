namespace Torchyard.Containers.Namespaces;

/// <summary>Looks programs up in PATH and in the administrator's directories, which an ordinary user's PATH often lacks.</summary>
internal static class ProgramSearch
{
    /// <summary>Absolute path of a program, or null.</summary>
    public static string? Find(string name)
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        foreach (var directory in path.Split(':').Concat(["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"]))
        {
            if (directory.StartsWith('/'))
            {
                var candidate = Path.Combine(directory, name);
                if (File.Exists(candidate) && (File.GetUnixFileMode(candidate) & UnixFileMode.OtherExecute) != 0)
                {
                    return candidate;
                }
            }
        }

        return null;
    }
}

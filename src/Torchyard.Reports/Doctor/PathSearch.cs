namespace Torchyard.Reports.Doctor;

/// <summary>Programs in PATH, and in the places that PATH of ordinary users leaves out.</summary>
internal static class PathSearch
{
    public static string? Find(MachineView machine, string program)
    {
        var directories = (machine.Environment("PATH") ?? "")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Where(d => d.StartsWith('/'))
            .Concat(["/usr/local/nvidia/bin", "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]);
        return directories.Select(d => $"{d.TrimEnd('/')}/{program}").FirstOrDefault(machine.Files.Exists);
    }
}

using Torchyard.Supervisor.Events;
using Torchyard.Supervisor.Native;
using Torchyard.Supervisor.Services;

namespace Torchyard.Supervisor.Preparation;

/// <summary>Something that the packages' scripts make once for each machine, and that no image has: keys, databases.</summary>
/// <param name="Name">The package.</param>
/// <param name="Makes">Absolute path without which the command runs.</param>
/// <param name="Command">Shell text.</param>
internal sealed record FirstStartStep(string Name, string Makes, string Command);

/// <summary>
/// Makes at the first start of a container what its image may not have; as root only, since what it makes belongs to users of the system.
/// </summary>
internal static class FirstStart
{
    public const string Path = "/etc/torchyard/first-start.json";
    public const int Version = 1;
    private const int LargestFile = 1 << 20;

    // A database on a busy machine; it is there for the rest of the container's life.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Runs the steps whose result is missing. A step that fails is told, and stops nothing.</summary>
    public static void Run(string path, IReadOnlyDictionary<string, string> environment)
    {
        foreach (var step in Read(path).Where(step => !PosixFile.Exists(step.Makes)))
        {
            try
            {
                Helper.Run(["/bin/sh", "-c", step.Command], ServiceEnvironment.Lines(For(environment)), "the first start needs it", Limit);
            }
            catch (Exception e) when (e is ServiceStartException or PosixException)
            {
                Journal.Say($"warning: {step.Name}: {step.Makes} could not be made: {e.Message}");
            }
        }
    }

    /// <summary>Reads the file; none is an image without such packages.</summary>
    public static IReadOnlyList<FirstStartStep> Read(string path)
    {
        try
        {
            return Parse(PosixFile.Read(path, LargestFile), path);
        }
        catch (PosixException e) when (e.Error == Libc.ErrorNoEntry)
        {
            return [];
        }
    }

    public static IReadOnlyList<FirstStartStep> Parse(ReadOnlyMemory<byte> json, string path)
    {
        using var document = ServicesFile.ParseJson(json, path);
        var root = new JsonMembers(document.RootElement, path, "");
        if (root.Integer("version", 0, int.MaxValue, 0) != Version)
        {
            throw new ServicesFileException($"{path}: \"version\" must be {Version}");
        }

        var steps = new List<FirstStartStep>();
        foreach (var element in root.Array("steps"))
        {
            var step = new JsonMembers(element, path, $"steps[{steps.Count}]");
            steps.Add(new FirstStartStep(step.Text("name", null), step.Text("makes", null), step.Text("command", null)));
            step.RequireNoOthers();
        }

        root.RequireNoOthers();
        return steps;
    }

    /// <summary>What package scripts run with: programs of the system, and nothing of what the container was started with.</summary>
    private static Dictionary<string, string> For(IReadOnlyDictionary<string, string> own)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ["HOME"] = "/root",
            ["LANG"] = "C.UTF-8",
            ["DEBIAN_FRONTEND"] = "noninteractive",
        };
        if (own.GetValueOrDefault("TZ") is { } zone)
        {
            environment["TZ"] = zone;
        }

        return environment;
    }
}

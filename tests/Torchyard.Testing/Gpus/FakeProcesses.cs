using System.Globalization;
using System.Text.Json;

namespace Torchyard.Testing.Gpus;

/// <summary>Processes and claims of GPUs on a machine that is a directory.</summary>
/// <param name="root">Directory of the machine.</param>
public sealed class FakeProcesses(string root)
{
    /// <summary>The user of the tests, who owns what they write.</summary>
    public static uint Me { get; } = uint.Parse(UserOfThisProcess(), CultureInfo.InvariantCulture);

    /// <summary>Adds a process.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="start">Clock ticks from boot to its start.</param>
    /// <param name="user">Its user; null: that of the tests.</param>
    /// <param name="parent">Its parent.</param>
    /// <param name="name">What it calls itself.</param>
    /// <param name="state">R, S, Z and so on.</param>
    public void Add(int id, long start, uint? user = null, int parent = 1, string name = "torchyard", char state = 'S')
    {
        Write(
            $"proc/{id}/stat",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{id} ({name}) {state} {parent} {id} {id} 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 {start} 1000 100 0\n"
            )
        );
        Write(
            $"proc/{id}/status",
            string.Create(CultureInfo.InvariantCulture, $"Name:\tx\nUid:\t{user ?? Me}\t{user ?? Me}\t{user ?? Me}\t{user ?? Me}\n")
        );
    }

    /// <summary>Lets a process have cgroups.</summary>
    public void Place(int id, string cgroups) => Write($"proc/{id}/cgroup", cgroups + "\n");

    /// <summary>The machine has been up for so long.</summary>
    public void Up(double seconds) => Write("proc/uptime", string.Create(CultureInfo.InvariantCulture, $"{seconds:0.00} 1.00\n"));

    /// <summary>A user of the machine.</summary>
    public void AddUser(uint id, string name) => File.AppendAllText(PathOf("etc/passwd"), $"{name}:x:{id}:{id}::/home/{name}:/bin/bash\n");

    /// <summary>Says that a process holds GPUs, as a command of its user does.</summary>
    /// <returns>The file.</returns>
    public string Claim(int id, long start, IReadOnlyList<string> gpus, string? name = null, string? container = null) =>
        Claim(
            JsonSerializer.Serialize(
                new Dictionary<string, object>
                {
                    ["version"] = 1,
                    ["processId"] = id,
                    ["startTime"] = start,
                    ["gpus"] = gpus,
                }
                    .Concat(name is null ? [] : new Dictionary<string, object> { ["name"] = name })
                    .Concat(container is null ? [] : new Dictionary<string, object> { ["container"] = container })
                    .ToDictionary()
            )
        );

    /// <summary>Writes a record of a claim with any content.</summary>
    /// <returns>The file.</returns>
    public string Claim(string content)
    {
        var file = ClaimFile();
        File.WriteAllText(file, content);
        return file;
    }

    /// <summary>The name of a record that is not there yet.</summary>
    public string ClaimFile() => PathOf($"dev/shm/torchyard-gpus.{Guid.NewGuid():N}");

    /// <summary>The records that there are.</summary>
    public IReadOnlyList<string> Claims() =>
        Directory.GetFileSystemEntries(Path.GetDirectoryName(PathOf("dev/shm/x"))!, "torchyard-gpus.*");

    private static string UserOfThisProcess() =>
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1];

    private void Write(string name, string text) => File.WriteAllText(PathOf(name), text);

    private string PathOf(string name)
    {
        var path = Path.Combine(root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }
}

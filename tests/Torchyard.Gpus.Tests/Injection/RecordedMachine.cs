using System.Text.Json;
using Torchyard.Gpus.Injection;
using Torchyard.Gpus.Machine;
using Torchyard.Gpus.Native;
using Torchyard.Gpus.Report;

namespace Torchyard.Gpus.Tests.Injection;

/// <summary>A machine from <c>Machines/</c>: its files, and what NVML said.</summary>
internal sealed class RecordedMachine
{
    private RecordedMachine(string folder)
    {
        Files = new MachineFiles(Path.Combine(folder, "root"));
        Gpus = JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(folder, "nvml.json")), GpuJson.Default.GpuSnapshot)!;
    }

    public static RecordedMachine H200 { get; } = new(Path.Combine(Folder(), "h200"));

    public MachineFiles Files { get; }

    public GpuSnapshot Gpus { get; }

    public ContainerInjection Injection(Func<string, string?>? environment = null)
    {
        environment ??= _ => null;
        return new ContainerInjection(Files, environment, new LibrarySearch(Files, environment), KernelModule.Version(Files)!);
    }

    /// <summary>Machines/ of this project, above the directory that the tests run from: links and empty files do not survive a copy by the build.</summary>
    private static string Folder()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var machines = Path.Combine(directory.FullName, "Machines");
            if (Directory.Exists(machines))
                return machines;
        }

        throw new InvalidOperationException("tests/Torchyard.Gpus.Tests/Machines was not found");
    }
}

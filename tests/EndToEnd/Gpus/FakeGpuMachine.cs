using System.Diagnostics;
using System.Globalization;
using Torchyard.EndToEnd.Program;
using Torchyard.Testing.Gpus;

namespace Torchyard.EndToEnd.Gpus;

/// <summary>
/// A machine that looks like the recorded H200 (tests/Torchyard.Testing/Gpus/Fakes/enter.sh): fake libraries, the null device under
/// NVIDIA's names, in a mount namespace that lasts as long as this, so that several commands meet the same machine.
/// </summary>
internal sealed class FakeGpuMachine : IAsyncDisposable
{
    private readonly Process _keeper;

    private FakeGpuMachine(Process keeper) => _keeper = keeper;

    /// <summary>Runs one command on such a machine.</summary>
    public static string Enter { get; } = SourceTree.At("tests/Torchyard.Testing/Gpus/Fakes/enter.sh");

    /// <summary>The recorded machine.</summary>
    public static string Recorded { get; } = RecordedMachine.H200.Folder;

    /// <summary>Skips the test where there can be no such machine.</summary>
    public static void Require(params string[] programs)
    {
        Requires.Root("needs root, for a mount namespace and device nodes");
        Assert.SkipWhen(File.Exists("/proc/driver/nvidia/version"), "this machine has a driver");
        foreach (var program in (string[])["gcc", "python3", "unshare", "nsenter", "setpriv", .. programs])
        {
            HostProgram.Require(program);
        }
    }

    /// <summary>Makes one.</summary>
    /// <param name="gpus">How many GPUs it has.</param>
    /// <param name="driver">What is wrong with its driver, as enter.sh names it; empty for nothing.</param>
    public static async Task<FakeGpuMachine> CreateAsync(int gpus, string driver = "")
    {
        // "read" keeps it until its standard input is closed, also by the end of this process.
        var keeper = HostProgram.Start(
            Enter,
            [Recorded, "sh", "-c", "echo here; read -r end"],
            environment: new Dictionary<string, string>
            {
                ["FAKE_GPUS"] = gpus.ToString(CultureInfo.InvariantCulture),
                ["FAKE_DRIVER"] = driver,
            }
        );
        var machine = new FakeGpuMachine(keeper);
        if (await keeper.StandardOutput.ReadLineAsync() == "here")
        {
            return machine;
        }

        var said = await keeper.StandardError.ReadToEndAsync();
        await machine.DisposeAsync();
        throw new InvalidOperationException($"enter.sh made no machine: {said}");
    }

    /// <summary>What begins a command line that runs on it.</summary>
    public IReadOnlyList<string> Prefix => ["nsenter", "--mount", "--target", _keeper.Id.ToString(CultureInfo.InvariantCulture)];

    /// <summary>Runs a command on it.</summary>
    public Task<ProgramOutput> RunAsync(
        IReadOnlyList<string> command,
        string directory,
        IReadOnlyDictionary<string, string> variables,
        CancellationToken cancellation
    ) =>
        HostProgram.RunAsync(
            Prefix[0],
            [
                .. Prefix.Skip(1),
                $"--wd={directory}",
                "env",
                "PATH=/usr/local/nvidia/bin:" + System.Environment.GetEnvironmentVariable("PATH"),
                "LD_LIBRARY_PATH=/usr/local/nvidia/lib64",
                .. command,
            ],
            cancellation,
            environment: variables
        );

    public async ValueTask DisposeAsync()
    {
        _keeper.StandardInput.Close();
        await _keeper.WaitForExitAsync();
        _keeper.Dispose();
    }
}

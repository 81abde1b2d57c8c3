using Torchyard.Flows.Hosts;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Reports.Verify;

namespace Torchyard.Flows.Proving;

/// <summary>The checks of PyTorch with an interpreter of this machine.</summary>
internal static class PyTorchProof
{
    /// <summary>Runs them.</summary>
    public static async Task<IReadOnlyList<VerifyResult>> OnMachineAsync(Host host, string python, CancellationToken cancellation)
    {
        using var folder = BuildDirectory.Create(host.Store);
        var file = Path.Combine(folder.Path, "verify.py");
        AtomicFile.WriteText(file, PyTorchVerification.Program);
        var result = await HostCommand.RunAsync(
            HostProgram.At(python),
            ["-I", file],
            bounds: ProgramBounds.Proof,
            cancellation: cancellation
        );
        return PyTorchVerification.Read(result.Output, result.ExitCode, result.Error);
    }
}

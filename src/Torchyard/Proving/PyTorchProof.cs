using Torchyard.CommandLine;
using Torchyard.Gpus.Verify;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Proving;

/// <summary>The checks of PyTorch with an interpreter of this machine.</summary>
internal static class PyTorchProof
{
    /// <summary>Runs them.</summary>
    public static async Task<IReadOnlyList<VerifyResult>> OnMachineAsync(Invocation invocation, string python, CancellationToken cancellation)
    {
        Directory.CreateDirectory(invocation.Store.Temporary);
        var folder = Path.Combine(invocation.Store.Temporary, "verify-" + Path.GetRandomFileName());
        Directory.CreateDirectory(folder);
        try
        {
            var file = Path.Combine(folder, "verify.py");
            AtomicFile.WriteText(file, PyTorchVerification.Program);
            var result = await HostCommand.RunAsync(python, ["-I", file], cancellation: cancellation);
            return PyTorchVerification.Read(result.Output, result.ExitCode, result.Error);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

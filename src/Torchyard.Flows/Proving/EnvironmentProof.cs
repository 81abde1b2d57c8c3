using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Starting;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;
using Torchyard.Reports.Page;

namespace Torchyard.Flows.Proving;

/// <summary>
/// The native proofs of <c>verify</c> in a running environment, as its own user and with what its other programs have. This very program
/// is put into <c>/run/torchyard</c> for as long as they run.
/// </summary>
internal static class EnvironmentProof
{
    /// <summary>Of each GPU's free memory, in GiB: milliseconds, where all of it would take seconds.</summary>
    private const string MemoryGibibytes = "4";

    /// <summary>Runs them.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY5018: they gave no report.</exception>
    public static async Task<GpuReport> RunAsync(ContainerSession session, SelfProgram self, CancellationToken cancellation)
    {
        var name = "proof-" + Path.GetRandomFileName();
        using var directory = session.RunDirectory.Open();
        try
        {
            await PutAsync(directory, name, self, cancellation);
            string[] verb = ["verify", "--memory-gib", MemoryGibibytes];
            return ProofReport.Read(
                await session.CaptureAsync(
                    new ExecRequest { Command = ProofReport.Command("/run/torchyard/" + name, verb), Bounds = ProgramBounds.Proof },
                    cancellation
                ),
                verb[0],
                session.Record.ImageName,
                self
            );
        }
        finally
        {
            directory.Delete(name);
        }
    }

    private static async Task PutAsync(ConfinedDirectory directory, string name, SelfProgram self, CancellationToken cancellation)
    {
        await using var copy = directory.Create(name, FileModes.Executable);
        await using var program = File.OpenRead(self.Path);
        await program.CopyToAsync(copy, cancellation);
    }
}

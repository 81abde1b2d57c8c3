using Torchyard.Containers;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Gpus.Report;

namespace Torchyard.Proving;

/// <summary>
/// The native proofs of <c>verify</c> in a running environment, as its own user and with what its other programs have. This very program
/// is put into <c>/run/torchyard</c> for as long as they run.
/// </summary>
internal static class EnvironmentProof
{
    /// <summary>Of each GPU's free memory, in GiB: milliseconds, where all of it would take seconds.</summary>
    private const string MemoryGibibytes = "4";

    /// <summary>Runs them.</summary>
    /// <exception cref="Torchyard.Platform.TorchyardException">TY5018: they gave no report.</exception>
    public static async Task<GpuReport> RunAsync(ContainerSession session, CancellationToken cancellation)
    {
        var name = "proof-" + Path.GetRandomFileName();
        var file = Path.Combine(session.RunDirectory, name);
        try
        {
            await PutAsync(file, cancellation);
            string[] verb = ["verify", "--memory-gib", MemoryGibibytes];
            return ProofReport.Read(
                await session.CaptureAsync(new ExecRequest { Command = ProofReport.Command("/run/torchyard/" + name, verb) }, cancellation), verb[0], session.Record.ImageName);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task PutAsync(string file, CancellationToken cancellation)
    {
        // The directory belongs to the user inside: a name that is there already, such as a link that leads out, must not be followed.
        await using var copy = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous });
        await using var self = File.OpenRead(SelfProgram.Current.Path);
        await self.CopyToAsync(copy, cancellation);
        File.SetUnixFileMode(copy.SafeFileHandle, (UnixFileMode)0x1ED);
    }
}

using System.Text;
using System.Text.Json;
using Torchyard.Containers.Namespaces;
using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Machine.Libraries;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Idle;

/// <summary>
/// Looks how much GPUs are used, in a process of its own: a driver that hangs or crashes must not do so in the process that watches a
/// container.
/// </summary>
internal static class GpuUseReader
{
    /// <summary>Asks another process of this program; null when there is no answer.</summary>
    public static async Task<GpuUse?> AskAsync(SelfProgram self, IReadOnlyList<string> uuids, CancellationToken cancellation)
    {
        try
        {
            var answer = await HostCommand.RunAsync(
                self.Program,
                [SelfVerbs.GpuUse, .. uuids],
                bounds: ProgramBounds.Login,
                cancellation: cancellation
            );
            return answer.ExitCode == 0
                ? RecordText.Parse(Encoding.UTF8.GetBytes(answer.Output), GpuUseJson.Default.GpuUse, RecordNulls.Never).Value
                : null;
        }
        catch (TorchyardException)
        {
            // It does not start, or does not end: the use is not known.
            return null;
        }
    }

    /// <summary>What that process answers.</summary>
    public static string Answer(IEnumerable<string> uuids)
    {
        var files = new MachineFiles();
        var search = new LibrarySearch(files, Environment.GetEnvironmentVariable);
        return JsonSerializer.Serialize(GpuUse.Of(NvmlReader.Read(search, files, NvmlQuestions.Use), uuids), GpuUseJson.Default.GpuUse);
    }
}

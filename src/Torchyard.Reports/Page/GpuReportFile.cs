using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Reports.Page;

/// <summary>A report that <c>--json</c> printed into a file.</summary>
public static class GpuReportFile
{
    private const long Largest = 16 << 20;

    /// <summary>Reads one that has a training.</summary>
    /// <exception cref="TorchyardException">TY5025: there is none in the file.</exception>
    public static GpuReport Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length > Largest)
        {
            throw Wrong(path, file.Exists ? "is larger than 16 MiB" : "does not exist");
        }

        var (report, problem) = RecordText.Parse(File.ReadAllBytes(path), GpuJson.Default.GpuReport, RecordNulls.Members);
        return report switch
        {
            null => throw Wrong(path, problem ?? "cannot be read"),
            { Training.Count: 0 } => throw Wrong(path, "has no training in it"),
            _ => report,
        };
    }

    private static TorchyardException Wrong(string path, string why) =>
        new("TY5025", $"{path} {why}", "make it: torchyard bench train IMAGE --json > FILE") { IsUsage = true };
}

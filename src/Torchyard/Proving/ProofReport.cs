using System.Text.Json;
using Torchyard.Containers.Namespaces;
using Torchyard.Gpus.Report;
using Torchyard.Platform;
using Torchyard.Platform.Processes;

namespace Torchyard.Proving;

/// <summary>The report of a verb of this program that ran inside a container.</summary>
internal static class ProofReport
{
    /// <summary>The command line that prints one.</summary>
    /// <param name="program">Path of this program inside.</param>
    /// <param name="arguments">The verb and its options.</param>
    public static IReadOnlyList<string> Command(string program, IEnumerable<string> arguments) => [program, .. arguments, "--json", "--progress", "none"];

    /// <summary>Reads it from what the program printed.</summary>
    /// <exception cref="TorchyardException">What the program inside failed with, such as TY5002; TY5018: it said nothing of the kind.</exception>
    public static GpuReport Read(CommandResult result, string verb, string imageName)
    {
        if (Failure(result.Error) is { } failure)
        {
            throw failure;
        }

        var report = result.Output.StartsWith('{') ? JsonSerializer.Deserialize(result.Output, GpuJson.Default.GpuReport) : null;
        return report ?? throw new TorchyardException(
            "TY5018", $"'torchyard {verb}' inside {imageName} gave no report (exit status {result.ExitCode}): {LastWords(result.Error)}",
            $"the image needs glibc 2.34 or later; see it yourself: torchyard run -it --rm --gpus all -v {SelfProgram.Current.Path}:/torchyard:ro {imageName} /torchyard {verb}");
    }

    /// <summary>The error that <c>--json</c> programs end with (FailureText); null for none.</summary>
    private static TorchyardException? Failure(string error)
    {
        var line = error.Split('\n').LastOrDefault(text => text.StartsWith("{\"error\":", StringComparison.Ordinal));
        try
        {
            using var document = JsonDocument.Parse(line ?? "{}");
            return document.RootElement.TryGetProperty("error", out var said)
                ? new TorchyardException(said.GetProperty("code").GetString()!, said.GetProperty("message").GetString()!, said.GetProperty("cure").GetString()!)
                : null;
        }
        catch (Exception broken) when (broken is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string LastWords(string error) =>
        error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } lines ? string.Join(" ", lines.TakeLast(2)) : "it said nothing";
}

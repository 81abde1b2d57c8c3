using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Torchyard.Containers.Namespaces;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Text;
using Torchyard.Reports.Page;

namespace Torchyard.Flows.Proving;

/// <summary>The report of a verb of this program that ran inside a container.</summary>
internal static partial class ProofReport
{
    /// <summary>Code of a program that ran inside an image and gave no report.</summary>
    public const string NoReport = "TY5018";

    private const int LongestText = 4096;

    /// <summary>The command line that prints one.</summary>
    /// <param name="program">Path of this program inside.</param>
    /// <param name="arguments">The verb and its options.</param>
    public static IReadOnlyList<string> Command(string program, IEnumerable<string> arguments) =>
        [program, .. arguments, "--json", "--progress", "none"];

    /// <summary>Reads it from what the program printed.</summary>
    /// <exception cref="TorchyardException">What the program inside failed with, such as TY5002; TY5018: it said nothing of the
    /// kind.</exception>
    public static GpuReport Read(CommandResult result, string verb, string imageName, SelfProgram self)
    {
        if (Failure(result.Error) is { } failure)
        {
            throw failure;
        }

        // The image may be anybody's, and so may be what its program prints.
        var (report, problem) = RecordText.Parse(Encoding.UTF8.GetBytes(result.Output), GpuJson.Default.GpuReport, RecordNulls.Members);
        if (report is not null)
        {
            return report;
        }

        var seeItYourself =
            $"see it yourself: torchyard run -it --rm --gpus all -v {self.Path}:/torchyard:ro {imageName} /torchyard {verb}";
        throw result.Output.StartsWith('{')
            ? new TorchyardException(NoReport, $"the report of 'torchyard {verb}' inside {imageName} {problem}", seeItYourself)
            : new TorchyardException(
                NoReport,
                $"'torchyard {verb}' inside {imageName} gave no report (exit status {result.ExitCode}): {LastWords(result.Error)}",
                $"the image needs glibc 2.34 or later; {seeItYourself}"
            );
    }

    /// <summary>The error that <c>--json</c> programs end with (FailureText); null for none.</summary>
    private static TorchyardException? Failure(string error)
    {
        var line = error.Split('\n').LastOrDefault(text => text.StartsWith("{\"error\":", StringComparison.Ordinal));
        try
        {
            using var document = UnicodeJson.Parse(line ?? "{}");
            return
                document.RootElement.TryGetProperty("error", out var said)
                && Text(said, "code") is { } code
                && Code().IsMatch(code)
                && Text(said, "message") is { Length: > 0 and <= LongestText } message
                && Text(said, "cure") is { Length: > 0 and <= LongestText } cure
                ? new TorchyardException(code, message, cure)
                : null;
        }
        catch (Exception broken) when (broken is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement said, string name) => said.GetProperty(name).GetString();

    [GeneratedRegex(@"^TY[0-9]{4}\z")]
    private static partial Regex Code();

    private static string LastWords(string error) =>
        error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } lines
            ? string.Join(" ", lines.TakeLast(2))
            : "it said nothing";
}

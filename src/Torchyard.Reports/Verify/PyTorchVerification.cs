using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Platform.Text;

namespace Torchyard.Reports.Verify;

/// <summary>The checks of PyTorch: a Python program that runs inside an image, and the reading of what it says.</summary>
public static class PyTorchVerification
{
    private const int MaxLineCharacters = 64 << 10;

    /// <summary>
    /// The program; run it with <c>python3 -I - [--gpus=required] [--versions=JSON]</c> and this text on standard input, or as a file.
    /// </summary>
    public static string Program => EmbeddedText.Read(typeof(PyTorchVerification), "verify.py");

    /// <summary>Reads one line of its output; null for a line that is none of its own, such as what a library prints.</summary>
    public static VerifyResult? ReadLine(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (line.Length > MaxLineCharacters || !line.StartsWith('{'))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(line, PyTorchJson.Default.PyTorchLine) is { Name: { } name } found
                ? new VerifyResult
                {
                    Area = "pytorch",
                    Name = name,
                    Outcome = Outcome(found.Outcome),
                    Detail = found.Detail ?? "",
                    Seconds = found.Seconds,
                    Gpu = found.Gpu,
                }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>All results, with a failure at the end when the program ended before it was done.</summary>
    /// <param name="output">Standard output of the program.</param>
    /// <param name="exitCode">Its exit status.</param>
    /// <param name="error">Its standard error.</param>
    public static IReadOnlyList<VerifyResult> Read(string output, int exitCode, string error)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        var results = output.Split('\n').Select(ReadLine).OfType<VerifyResult>().ToList();
        if (exitCode != 0 && results.All(r => r.Outcome != VerifyOutcome.Failed))
        {
            var last = error.Trim().Split('\n')[^1];
            results.Add(
                new VerifyResult
                {
                    Area = "pytorch",
                    Name = "the checks themselves",
                    Outcome = VerifyOutcome.Failed,
                    Detail = $"python3 ended with status {exitCode}: {last}",
                    Seconds = 0,
                }
            );
        }

        return results;
    }

    private static VerifyOutcome Outcome(string? text) =>
        text switch
        {
            "passed" => VerifyOutcome.Passed,
            "not_supported" => VerifyOutcome.NotSupported,
            "skipped" => VerifyOutcome.Skipped,
            _ => VerifyOutcome.Failed,
        };
}

internal sealed record PyTorchLine
{
    public string? Name { get; init; }
    public string? Outcome { get; init; }
    public string? Detail { get; init; }
    public double Seconds { get; init; }
    public int? Gpu { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PyTorchLine))]
internal sealed partial class PyTorchJson : JsonSerializerContext;

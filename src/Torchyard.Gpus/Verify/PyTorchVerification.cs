using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Gpus.Compute;

namespace Torchyard.Gpus.Verify;

/// <summary>The checks of PyTorch: a Python program that runs inside an image, and the reading of what it says.</summary>
public static class PyTorchVerification
{
    private const int MaxLineCharacters = 64 << 10;

    /// <summary>The program; run it with <c>python3 -I - [--gpus=required] [--versions=JSON]</c> and this text on standard input, or as a file.</summary>
    public static string Program => EmbeddedText.Read("verify.py");

    /// <summary>Reads one line of its output; null for a line that is none of its own, such as what a library prints.</summary>
    public static VerifyResult? ReadLine(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (line.Length > MaxLineCharacters || !line.StartsWith('{'))
            return null;
        try
        {
            return JsonSerializer.Deserialize(line, PyTorchJson.Default.PyTorchLine) is { Name: { } name } found
                ? new VerifyResult(found.Gpu, "pytorch", name, Outcome(found.Outcome), found.Detail ?? "", found.Seconds)
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
            results.Add(new VerifyResult(null, "pytorch", "the checks themselves", VerifyOutcome.Failed, $"python3 ended with status {exitCode}: {last}", 0));
        }

        return results;
    }

    private static VerifyOutcome Outcome(string? text) => text switch
    {
        "passed" => VerifyOutcome.Passed,
        "not_supported" => VerifyOutcome.NotSupported,
        "skipped" => VerifyOutcome.Skipped,
        _ => VerifyOutcome.Failed,
    };
}

internal sealed record PyTorchLine(string? Name, string? Outcome, string? Detail, double Seconds, int? Gpu);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PyTorchLine))]
internal sealed partial class PyTorchJson : JsonSerializerContext;

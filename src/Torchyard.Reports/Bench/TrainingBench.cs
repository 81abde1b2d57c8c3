using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Platform.Text;
using Torchyard.Reports.Verdicts;

namespace Torchyard.Reports.Bench;

/// <summary>What <c>bench train</c> measures: a Python program that trains the example's model, and the reading of its answer.</summary>
public static class TrainingBench
{
    /// <summary>Name of the program's file; the script with the model stands beside it.</summary>
    public const string FileName = "bench_train.py";

    private const int LongestLine = 64 << 10;
    private const int LongestReason = 400;

    /// <summary>In the order of the table; speed-ups are those over the first.</summary>
    public static IReadOnlyList<string> Precisions { get; } = ["fp32", "tf32", "fp16", "bf16", "fp8"];

    /// <summary>The program.</summary>
    public static string Program => EmbeddedText.Read(typeof(TrainingBench), FileName);

    /// <summary>Reads what one measurement printed.</summary>
    /// <param name="precision">The precision that was asked for.</param>
    /// <param name="exitCode">Exit status of the program: 2 when it says that this cannot be.</param>
    /// <param name="output">Its standard output, of which other lines are a library's.</param>
    /// <param name="error">Its standard error.</param>
    public static TrainingResult Read(string precision, int exitCode, string output, string error)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        var found = exitCode == 0 ? output.Split('\n').Reverse().Select(ReadLine).OfType<TrainingResult>().FirstOrDefault() : null;
        if (found is not null && found.Precision == precision && double.IsFinite(found.TokensPerSecond) && found.TokensPerSecond > 0)
        {
            return found with { Reference = TrainingReference.Find(found.Gpu, found.Size, precision), Missing = null, IsFailed = false };
        }

        const string mark = "gpt.py: ";
        var lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var refused = lines.LastOrDefault(line => line.StartsWith(mark, StringComparison.Ordinal))?[mark.Length..];
        var isRefused = exitCode == 2 && refused is not null;
        var why = isRefused ? refused! : $"python3 ended with status {exitCode}: {lines.LastOrDefault() ?? "it said nothing"}";
        return new TrainingResult
        {
            Precision = precision,
            Missing = why.Length > LongestReason ? why[..LongestReason] : why,
            IsFailed = !isRefused,
        };
    }

    /// <summary>Puts each result beside FP32, and several GPUs beside one.</summary>
    public static IReadOnlyList<TrainingResult> Compare(IReadOnlyList<TrainingResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        double? Alone(string precision) =>
            results.FirstOrDefault(r => r.Missing is null && r.Gpus <= 1 && r.Precision == precision)?.TokensPerSecond;
        var slowest = Alone(Precisions[0]);
        return
        [
            .. results.Select(r =>
                r.Missing is not null
                    ? r
                    : r with
                    {
                        SpeedUp = r.TokensPerSecond / slowest,
                        Scaling = r.Gpus > 1 ? r.TokensPerSecond / (r.Gpus * Alone(r.Precision)) : null,
                    }
            ),
        ];
    }

    /// <summary>What it comes to.</summary>
    public static Verdict Judge(IReadOnlyList<TrainingResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        var failed = results.Where(r => r.IsFailed).Select(r => $"{Name(r)}: {r.Missing}").ToList();
        var best = results.Where(r => r.Missing is null && r.Gpus <= 1).MaxBy(r => r.TokensPerSecond);
        if (best is null)
        {
            return new Verdict(false, "nothing could be trained", [.. results.Select(r => $"{Name(r)}: {r.Missing}")]);
        }

        var text =
            best.SpeedUp is { } times && times > 1
                ? string.Create(CultureInfo.InvariantCulture, $"{Name(best)} is fastest: {times:0.0} times FP32")
                : $"{Name(best)} is fastest";
        return new Verdict(failed.Count == 0, failed.Count == 0 ? text : "a precision failed", failed);
    }

    /// <summary>How a table names a result.</summary>
    public static string Name(TrainingResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var name = result.Precision.ToUpperInvariant();
        return result.Gpus > 1 ? string.Create(CultureInfo.InvariantCulture, $"{name}, {result.Gpus} GPUs") : name;
    }

    private static TrainingResult? ReadLine(string line)
    {
        if (line.Length > LongestLine || !line.StartsWith('{'))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(line, TrainingJson.Default.TrainingResult);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TrainingResult))]
internal sealed partial class TrainingJson : JsonSerializerContext;

using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Platform.Processes;

namespace Torchyard.Packages.Tests.Python.Requirements;

/// <summary>What the machine's own pip reads in requirement files, by its internals.</summary>
internal static class PipReadings
{
    /// <summary>Reads files of a directory.</summary>
    public static async Task<IReadOnlyList<PipReading>> ReadAsync(string directory, IReadOnlyList<string> files)
    {
        var script = Path.Combine(directory, "pip-reads.py");
        await using (var resource = typeof(PipReadings).Assembly.GetManifestResourceStream("pip-reads.py")!)
        await using (var copy = File.Create(script))
        {
            await resource.CopyToAsync(copy, TestContext.Current.CancellationToken);
        }

        var readings = new List<PipReading>();
        foreach (var some in files.Chunk(200))
        {
            var result = await HostCommand.RunAsync(
                HostProgram.Require("python3"),
                ["pip-reads.py", .. some],
                new Dictionary<string, string>
                {
                    ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
                    ["HOME"] = directory,
                    ["PIP_CONFIG_FILE"] = "/dev/null",
                    ["LC_ALL"] = "C.UTF-8",
                    ["PYTHONWARNINGS"] = "ignore",
                },
                directory: directory,
                cancellation: TestContext.Current.CancellationToken
            );
            var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if (lines.Length != some.Length)
            {
                Assert.Skip($"python3 has no pip whose internals are as in pip 23 to 25: {result.Error}");
            }

            readings.AddRange(lines.Select(line => JsonSerializer.Deserialize<PipReading>(line)!));
        }

        return readings;
    }
}

internal sealed class PipReading
{
    [JsonPropertyName("refused")]
    public string? Refused { get; set; }

    [JsonPropertyName("lines")]
    public List<PipLine> Lines { get; set; } = [];

    [JsonPropertyName("indexes")]
    public List<string> Indexes { get; set; } = [];

    [JsonPropertyName("links")]
    public List<string> Links { get; set; } = [];

    [JsonPropertyName("no_index")]
    public bool NoIndex { get; set; }

    [JsonPropertyName("pre")]
    public bool Pre { get; set; }

    [JsonPropertyName("only_binary")]
    public List<string> OnlyBinary { get; set; } = [];

    [JsonPropertyName("no_binary")]
    public List<string> NoBinary { get; set; } = [];

    [JsonPropertyName("require_hashes")]
    public bool RequireHashes { get; set; }
}

internal sealed class PipLine
{
    [JsonPropertyName("name")]
    public string? Name { get; set; }

    [JsonPropertyName("extras")]
    public List<string> Extras { get; set; } = [];

    [JsonPropertyName("versions")]
    public List<bool> Versions { get; set; } = [];

    [JsonPropertyName("applies")]
    public List<bool> Applies { get; set; } = [];

    [JsonPropertyName("url")]
    public string? Url { get; set; }

    [JsonPropertyName("hashes")]
    public List<string> Hashes { get; set; } = [];

    [JsonPropertyName("constraint")]
    public bool Constraint { get; set; }
}

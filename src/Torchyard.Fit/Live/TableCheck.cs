using System.Text.Json.Serialization;
using Torchyard.Fit.Data;

namespace Torchyard.Fit.Live;

/// <summary>Where the built-in table and the index disagree: how a stale table is noticed.</summary>
public sealed record TableCheck
{
    /// <summary>The form of this answer.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>The day on which the index was read.</summary>
    public required string AsOf { get; init; }

    /// <summary>The day on which the table was last compared.</summary>
    public required string Table { get; init; }

    /// <summary>The differences, one sentence each.</summary>
    public required IReadOnlyList<string> Differences { get; init; }

    /// <summary>Compares.</summary>
    public static TableCheck Of(FitTables tables, IndexSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentNullException.ThrowIfNull(snapshot);
        var live = LiveTables.With(tables, snapshot);
        var differences = new List<string>();
        foreach (var row in tables.Builds)
        {
            if (live.Builds.FirstOrDefault(other => other.Torch == row.Torch && other.Build == row.Build) is not { } now)
            {
                differences.Add($"{row.LocalVersion} is in the table and not on the index");
                continue;
            }

            Compare("Python", All(row), All(now));
            Compare("glibc of x86_64", row.Manylinux.ToString(), now.Manylinux.ToString());
            Compare("glibc of aarch64", row.GlibcOf("aarch64").ToString(), now.GlibcOf("aarch64").ToString());
            Compare("aarch64 wheel", row.Aarch64 is null ? "none" : "there", now.Aarch64 is null ? "none" : "there");
            if (now.IsYanked)
            {
                differences.Add($"{row.LocalVersion} was taken back by its publisher");
            }

            void Compare(string what, string table, string index)
            {
                if (table != index)
                {
                    differences.Add($"{row.LocalVersion}: {what} is {table} in the table and {index} on the index");
                }
            }
        }

        differences.AddRange(
            live.Builds.Where(row => tables.Builds.All(other => other.Torch != row.Torch || other.Build != row.Build))
                .Select(row => $"{row.LocalVersion} is on the index and not in the table")
        );
        return new TableCheck
        {
            AsOf = snapshot.Day,
            Table = tables.AsOf,
            Differences = differences,
        };
    }

    private static string All(TorchBuild row) => string.Join(' ', row.Python.Concat(row.PythonExperimental).Order(StringComparer.Ordinal));
}

/// <summary>JSON of <see cref="TableCheck"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TableCheck))]
public sealed partial class TableCheckJson : JsonSerializerContext;

using Torchyard.Trimming.Files;
using Torchyard.Trimming.Layout;

namespace Torchyard.Flows.Trimming;

/// <summary>What trimming did, or would do.</summary>
internal sealed record TrimReport
{
    /// <summary>The architectures for which code stays, <c>sm_90</c>.</summary>
    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>All PTX stays.</summary>
    public required bool KeepPtx { get; init; }

    /// <summary>Nothing was written.</summary>
    public required bool DryRun { get; init; }

    /// <summary>Bytes of the files with device code.</summary>
    public required long BytesBefore { get; init; }

    /// <summary>Their bytes now.</summary>
    public required long BytesAfter { get; init; }

    /// <summary>Bytes of the device code in them.</summary>
    public required long CodeBefore { get; init; }

    /// <summary>Those that stay.</summary>
    public required long CodeAfter { get; init; }

    /// <summary>Device code of all files, by class.</summary>
    public required IReadOnlyList<CodeClass> Classes { get; init; }

    /// <summary>Files with device code, by path.</summary>
    public required IReadOnlyList<TrimmedLibrary> Files { get; init; }

    /// <summary>Files that were left as they are, and why.</summary>
    public required IReadOnlyList<UntouchedFile> Untouched { get; init; }

    internal static TrimReport Of(TrimRequest request, IReadOnlyList<string> targets, IReadOnlyList<TrimmedFile> files)
    {
        var classes = new ClassTable();
        foreach (var file in files)
        {
            classes.Add(file.Plan.Classes);
        }

        return new TrimReport
        {
            Targets = targets,
            KeepPtx = request.KeepPtx,
            DryRun = request.DryRun,
            BytesBefore = files.Sum(file => file.Plan.BytesBefore),
            BytesAfter = files.Sum(file => file.Plan.BytesAfter),
            CodeBefore = files.Sum(file => file.Plan.CodeBefore),
            CodeAfter = files.Sum(file => file.Plan.CodeAfter),
            Classes = classes.Classes,
            Files = [.. files.Select(TrimmedLibrary.Of)],
            Untouched = [],
        };
    }
}

/// <summary>A file that stays as it is.</summary>
/// <param name="Path">Its path below the directory.</param>
/// <param name="Why">The reason.</param>
internal sealed record UntouchedFile(string Path, string Why);

/// <summary>A file with device code.</summary>
internal sealed record TrimmedLibrary
{
    /// <summary>Its path below the directory, or its name.</summary>
    public required string Path { get; init; }

    /// <summary>Bytes before.</summary>
    public required long BytesBefore { get; init; }

    /// <summary>Bytes after.</summary>
    public required long BytesAfter { get; init; }

    /// <summary>Device code before.</summary>
    public required long CodeBefore { get; init; }

    /// <summary>Device code after.</summary>
    public required long CodeAfter { get; init; }

    /// <summary>Bytes of zeros that are in the file and take no room on the disk.</summary>
    public required long ZeroBytes { get; init; }

    /// <summary>How many fatbins it has.</summary>
    public required int Fatbins { get; init; }

    /// <summary>How many of them are empty now.</summary>
    public required int EmptiedFatbins { get; init; }

    /// <summary>SHA-256 of the new content; null where nothing was written.</summary>
    public required string? Sha256 { get; init; }

    /// <summary>Its device code by class.</summary>
    public required IReadOnlyList<CodeClass> Classes { get; init; }

    /// <summary>What stays because it is not understood.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    internal static TrimmedLibrary Of(TrimmedFile file) =>
        new()
        {
            Path = file.Path,
            BytesBefore = file.Plan.BytesBefore,
            BytesAfter = file.Plan.BytesAfter,
            CodeBefore = file.Plan.CodeBefore,
            CodeAfter = file.Plan.CodeAfter,
            ZeroBytes = file.Plan.ZeroBytes,
            Fatbins = file.Plan.Regions,
            EmptiedFatbins = file.Plan.EmptiedRegions,
            Sha256 = file.Sha256,
            Classes = file.Plan.Classes,
            Notes = file.Plan.Doubts,
        };
}

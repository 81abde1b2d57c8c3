using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Trimming.Errors;
using Torchyard.Trimming.Layout;
using Torchyard.Trimming.Rules;

namespace Torchyard.Trimming.Files;

/// <summary>
/// Trims the libraries of a directory in place, each in one step; links are not followed, and nothing outside is touched.
/// </summary>
public sealed class TreeTrimmer
{
    // Less cannot hold device code worth a look.
    private const int SmallestFile = 4096;
    private const int MostAtOnce = 4;

    /// <summary>For which GPUs.</summary>
    public required TrimTargets Targets { get; init; }

    /// <summary>Nothing is written.</summary>
    public bool DryRun { get; init; }

    /// <summary>Is told of every file with device code when it is done; from several threads.</summary>
    public Action<TrimmedFile>? Done { get; init; }

    /// <summary>Is told of every file that is damaged, or cannot be read, and stays.</summary>
    public Action<string, string>? Left { get; init; }

    /// <summary>Trims everything below a directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="cancellation">Stops between pieces; the file that is being written stays as it was.</param>
    /// <returns>Files with device code, by path.</returns>
    public IReadOnlyList<TrimmedFile> Trim(ConfinedDirectory directory, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(directory);
        var files = new List<string>();
        Find(directory, "", files);
        var found = new ConcurrentBag<TrimmedFile>();
        var options = new ParallelOptions
        {
            MaxDegreeOfParallelism = Math.Min(Environment.ProcessorCount, MostAtOnce),
            CancellationToken = cancellation,
        };
        try
        {
            Parallel.ForEach(Partitioner.Create(files, EnumerablePartitionerOptions.NoBuffering), options, path =>
            {
                if (TrimUnlessDamaged(directory, path, cancellation) is { } file)
                {
                    found.Add(file);
                    Done?.Invoke(file);
                }
            });
        }
        catch (AggregateException failures)
        {
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }

        return [.. found.OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    /// <summary>Trims one file in place; null when it has no device code.</summary>
    /// <exception cref="TorchyardException">TY3080: it is damaged; TY3082: it changed meanwhile; TY9023: it is not a regular
    /// file.</exception>
    public TrimmedFile? TrimFile(ConfinedDirectory directory, string path, CancellationToken cancellation) =>
        TrimFile(directory, path, directory, path, cancellation);

    /// <summary>Writes the trimmed copy of a file, also where nothing is to trim; null when it has no device code.</summary>
    /// <param name="directory">Where the file is.</param>
    /// <param name="path">The file.</param>
    /// <param name="place">Where the copy goes.</param>
    /// <param name="copy">Its path there; a file of that name is replaced.</param>
    /// <param name="cancellation">Stops it; then nothing is changed.</param>
    public TrimmedFile? TrimFile(
        ConfinedDirectory directory,
        string path,
        ConfinedDirectory place,
        string copy,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(place);
        using var from = directory.OpenRead(path);
        if (from is null || from.Length < SmallestFile || TrimPlanner.Plan(from.SafeFileHandle, path, Targets) is not { } plan)
        {
            return null;
        }

        var isCopy = !ReferenceEquals(directory, place);
        if (DryRun || (!plan.IsChange && !isCopy))
        {
            return new TrimmedFile { Path = path, Plan = plan };
        }

        string? after = null;
        place.Rewrite(
            copy,
            to => after = FileTrimmer.Write(from.SafeFileHandle, path, plan, to, cancellation),
            isCopy ? directory.Status(path) : null
        );
        return new TrimmedFile
        {
            Path = path,
            Plan = plan,
            Sha256 = after,
        };
    }

    private TrimmedFile? TrimUnlessDamaged(ConfinedDirectory directory, string path, CancellationToken cancellation)
    {
        try
        {
            return TrimFile(directory, path, cancellation);
        }
        catch (TorchyardException failure) when (failure.Code is TrimErrors.BadElf)
        {
            Left?.Invoke(path, failure.Message);
            return null;
        }
    }

    private static void Find(ConfinedDirectory directory, string path, List<string> files)
    {
        foreach (var name in directory.List(path).Order(StringComparer.Ordinal))
        {
            var below = path.Length == 0 ? name : $"{path}/{name}";
            var facts = directory.Status(below);
            if (facts is { IsDirectory: true })
            {
                Find(directory, below, files);
            }
            else if (facts is { IsRegular: true, Size: >= SmallestFile })
            {
                files.Add(below);
            }
        }
    }
}

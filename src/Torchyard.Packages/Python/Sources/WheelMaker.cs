using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Sources;

/// <summary>
/// Turns a source and its tools into a wheel of the package cache. The same source with the same tools on the same base system is not built
/// a second time: <c>build/wheels/KEY</c> of the store says which wheel that gave.
/// </summary>
public sealed class WheelMaker(StorePaths store, WheelCache cache, IWheelBuilder builder, IProgressSink progress)
{
    // Raised when the same source would give another wheel.
    private const int Format = 2;

    /// <summary>Lays a source out.</summary>
    internal Task<IWheelBuild> OpenAsync(FetchedSource source, CancellationToken cancellation) => builder.OpenAsync(source, cancellation);

    /// <summary>Makes the wheel.</summary>
    /// <param name="source">The source.</param>
    /// <param name="build">The same, laid out.</param>
    /// <param name="backend">Its backend.</param>
    /// <param name="tools">What it is built with.</param>
    /// <param name="files">The tools' wheels, by file name.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2524 when the build fails; TY2501 when what it gives is not a proper wheel.</exception>
    internal async Task<BuiltWheel> MakeAsync(
        FetchedSource source,
        IWheelBuild build,
        BuildBackend backend,
        LockedPython? tools,
        IReadOnlyDictionary<string, string> files,
        CancellationToken cancellation
    )
    {
        var locked = source.Source with
        {
            BuiltWith = [.. (tools?.Packages ?? []).Select(tool => tool.Filename).Order(StringComparer.Ordinal)],
        };
        var memory = Path.Combine(store.Root, "build", "wheels", Key(locked, tools, await builder.DescribeAsync(cancellation)));
        if (
            File.Exists(memory)
            && (await File.ReadAllTextAsync(memory, cancellation)).Split('\n') is [var text, var known, ..]
            && Digest.TryParse(text, out var before)
            && File.Exists(cache.PathOf(before))
        )
        {
            return Describe(cache.PathOf(before), known, before, locked, tools);
        }

        using var task = progress.Begin($"Building a wheel of {source.Shown}", null, ProgressUnit.Items);
        var result = await build.BuildAsync(backend, files, _ => task.Advance(1), cancellation);
        if (result.ExitCode != 0 || result.Wheel is null)
        {
            throw BuildFailure.Explain(source.Shown, "build_wheel", result);
        }

        var filename = Path.GetFileName(result.Wheel);
        // Read before it is kept: what a backend gives is as untrusted as what an index gives.
        using (WheelArchive.Open(result.Wheel, filename)) { }

        var (path, sha256) = await cache.AddAsync(result.Wheel, cancellation);
        Directory.CreateDirectory(Path.GetDirectoryName(memory)!);
        AtomicFile.WriteText(memory, $"{sha256}\n{filename}\n");
        task.Done(filename);
        return Describe(path, filename, sha256, locked, tools);
    }

    /// <summary>A wheel of the cache as what was built.</summary>
    internal static BuiltWheel Describe(string path, string filename, Digest sha256, LockedSource source, LockedPython? tools)
    {
        using var wheel = WheelArchive.Open(path, filename);
        return new BuiltWheel
        {
            File = path,
            Filename = filename,
            Sha256 = sha256,
            Size = new FileInfo(path).Length,
            Source = source,
            Tools = tools,
            Metadata = wheel.Metadata,
        };
    }

    private static string Key(LockedSource source, LockedPython? tools, string system) =>
        Digest
            .Of(
                System.Text.Encoding.UTF8.GetBytes(
                    string.Join(
                        '\n',
                        [
                            $"{Format} {system}",
                            $"{source.Sha256?.Hex ?? source.Commit} {source.Subdirectory} {source.Filename}",
                            // What a build sees of the repository.
                            .. source.IsGit ? source.Tags.Select(tag => tag.ToString()).Prepend($"{source.Url} {source.Revision}") : [],
                            .. (tools?.Packages ?? []).Select(tool => $"{tool.Filename} {tool.Sha256.Hex}").Order(StringComparer.Ordinal),
                        ]
                    )
                )
            )
            .Hex;
}

using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Sources;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;

namespace Torchyard.Packages.Python.Resolving;

/// <summary>A wheel that a requirement names by path or URL, or that was built of a source that it names so.</summary>
/// <param name="Line">The requirement.</param>
/// <param name="File">The wheel, on this machine.</param>
/// <param name="Name">Its file name, read.</param>
/// <param name="Built">What it was built from; null for one that was there.</param>
internal sealed record DirectWheel(RequirementLine Line, ProjectFile File, WheelFileName Name, BuiltWheel? Built = null);

/// <summary>
/// Brings the wheels of paths and URLs to this machine, builds those of sources, and checks the hashes that the user gave.
/// </summary>
internal static class DirectWheels
{
    /// <param name="lines">The requirements; what names neither path nor URL is left to pip.</param>
    /// <param name="cache">Fetches wheels.</param>
    /// <param name="build">Builds the wheel of a source.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<IReadOnlyList<DirectWheel>> CollectAsync(
        IEnumerable<RequirementLine> lines,
        WheelCache cache,
        Func<RequirementLine, Task<BuiltWheel>> build,
        CancellationToken cancellation
    )
    {
        var wheels = new Dictionary<string, DirectWheel>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            if (line.Source is not null)
            {
                Add(wheels, await BuildAsync(line, build));
                continue;
            }

            var filename =
                line.LocalWheel is { } local ? Path.GetFileName(local)
                : line.Url is { } named ? Uri.UnescapeDataString(named.Segments[^1])
                : null;
            if (filename is null || !WheelFileName.TryParse(filename, out var name))
            {
                continue;
            }

            var url = line.Url ?? new Uri(line.LocalWheel!);
            var (path, sha256) = await cache.GetAsync(
                new UriBuilder(url) { Fragment = "" }.Uri,
                line.Hashes.Count == 1 ? line.Hashes[0] : null,
                null,
                SilentProgress.Instance,
                cancellation
            );
            if (line.Hashes.Count > 0 && !line.Hashes.Contains(sha256))
            {
                throw new TorchyardException(
                    "TY2508",
                    $"{filename} has SHA-256 {sha256.Hex}, which is none of the hashes given for it",
                    "correct the hash, or get the right file"
                );
            }

            if (line.Requirement is { } requirement && requirement.Name.Normal != name.Name)
            {
                throw RequirementProblem.Wrong(
                    line.Place,
                    $"'{requirement.Name}' is asked for, but {filename} is '{name.Name}'",
                    "correct the name or the file"
                );
            }

            Add(
                wheels,
                new DirectWheel(
                    line,
                    new ProjectFile
                    {
                        Filename = filename,
                        Url = new Uri(path),
                        Sha256 = sha256,
                        Size = new FileInfo(path).Length,
                    },
                    name
                )
            );
        }

        return [.. wheels.Values];
    }

    private static void Add(Dictionary<string, DirectWheel> wheels, DirectWheel wheel)
    {
        if (!wheels.TryAdd(wheel.Name.Text, wheel) && wheels[wheel.Name.Text].File.Sha256 != wheel.File.Sha256)
        {
            throw RequirementProblem.Wrong(
                wheel.Line.Place,
                $"{wheel.Name.Text} is asked for twice, with different content",
                "name one of them"
            );
        }
    }

    private static async Task<DirectWheel> BuildAsync(RequirementLine line, Func<RequirementLine, Task<BuiltWheel>> build)
    {
        var built = await build(line);
        if (line.Hashes.Count > 0 && !line.Hashes.Contains(built.Source.Sha256!.Value))
        {
            throw new TorchyardException(
                "TY2508",
                $"{built.Source.Filename} has SHA-256 {built.Source.Sha256.Value.Hex}, which is none of the hashes given for it",
                "correct the hash, or get the right file"
            );
        }

        _ = WheelFileName.TryParse(built.Filename, out var name);
        return line.Requirement is not { } requirement || requirement.Name.Normal == name!.Name
            ? new DirectWheel(
                line,
                new ProjectFile
                {
                    Filename = built.Filename,
                    Url = new Uri(built.File),
                    Sha256 = built.Sha256,
                    Size = built.Size,
                },
                name!,
                built
            )
            : throw RequirementProblem.Wrong(
                line.Place,
                $"'{requirement.Name}' is asked for, but {line.Source!.Shown} gives '{name!.Name}'",
                "correct the name, or the #subdirectory of the source"
            );
    }
}

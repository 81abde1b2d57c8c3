using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform;

namespace Torchyard.Packages.Python.Pip;

/// <summary>A wheel that a requirement names by path or URL.</summary>
/// <param name="Line">The requirement.</param>
/// <param name="File">The wheel, on this machine.</param>
/// <param name="Name">Its file name, read.</param>
internal sealed record DirectWheel(RequirementLine Line, ProjectFile File, WheelFileName Name);

/// <summary>Brings the wheels of paths and URLs to this machine and checks the hashes that the user gave.</summary>
internal static class DirectWheels
{
    public static async Task<IReadOnlyDictionary<string, DirectWheel>> CollectAsync(
        IEnumerable<RequirementLine> lines, WheelCache cache, CancellationToken cancellation)
    {
        var wheels = new Dictionary<string, DirectWheel>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            var filename = line.LocalWheel is { } local ? Path.GetFileName(local)
                : line.Url is { } named ? Uri.UnescapeDataString(named.Segments[^1]) : null;
            if (filename is null || !WheelFileName.TryParse(filename, out var name))
            {
                continue;
            }

            var url = line.Url ?? new Uri(line.LocalWheel!);
            var (path, sha256) = await cache.GetAsync(
                new UriBuilder(url) { Fragment = "" }.Uri, line.Hashes.Count == 1 ? line.Hashes[0] : null, null, SilentProgress.Instance, cancellation);
            if (line.Hashes.Count > 0 && !line.Hashes.Contains(sha256))
            {
                throw new TorchyardException("TY2508", $"{filename} has SHA-256 {sha256.Hex}, which is none of the hashes given for it", "Correct the hash, or get the right file");
            }

            if (line.Requirement is { } requirement && requirement.Name.Normal != name.Name)
            {
                throw RequirementProblem.Wrong(line.Place, $"'{requirement.Name}' is asked for, but {filename} is '{name.Name}'", "Correct the name or the file");
            }

            var file = new ProjectFile { Filename = filename, Url = new Uri(path), Sha256 = sha256, Size = new FileInfo(path).Length };
            if (!wheels.TryAdd(filename, new DirectWheel(line, file, name)) && wheels[filename].File.Sha256 != sha256)
            {
                throw RequirementProblem.Wrong(line.Place, $"{filename} is asked for twice, with different content", "Name one of them");
            }
        }

        return wheels;
    }
}

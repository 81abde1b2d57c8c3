using Torchyard.Packages.Errors;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Sources;
using Torchyard.Packages.Python.Versions;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Resolving;

/// <summary>
/// Requirements that are all pinned by version and hash are an answer already: they are taken as they are, without pip. Of each, the
/// wheel with one of the given hashes that fits the interpreter best is chosen; where none does, the source distribution with one of them.
/// </summary>
/// <param name="indexes">The indexes.</param>
/// <param name="progress">Told of what is odd.</param>
/// <param name="sources">Builds what is pinned as a source; null to refuse it.</param>
public sealed class PinnedResolver(PythonIndexes indexes, IProgressSink progress, SourceWheels? sources = null)
{
    /// <summary>Finds the wheels.</summary>
    /// <param name="set">Pinned requirements (<see cref="RequirementSet.IsPinned"/>).</param>
    /// <param name="target">The image's interpreter.</param>
    /// <param name="python">Its full version, for markers.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2507, TY2508, TY2513.</exception>
    public async Task<PythonResolution> ResolveAsync(
        RequirementSet set,
        InterpreterTarget target,
        PythonVersion python,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(target);
        var tags = new SupportedTags(target);
        var environment = MarkerEnvironment.CPythonOnLinux(python, target.Machine);
        var packages = new List<LockedPythonPackage>();
        var all = new List<WheelMetadata>();
        var requires = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var built = new List<BuiltWheel>();
        foreach (var line in set.Requirements.Where(r => r.Requirement!.Applies(environment)))
        {
            var (package, metadata) = await ChooseAsync(line, tags, set, built, cancellation);
            if (!requires.TryAdd(package.Name, metadata?.RequiresDist ?? []))
            {
                throw RequirementProblem.Wrong(line.Place, $"{package.Name} is pinned twice", "remove one of the lines");
            }

            packages.Add(package);
            if (metadata is not null)
            {
                all.Add(metadata);
            }
        }

        var tools = BuildTools.Union(built);
        var locked = new LockedPython
        {
            Interpreter = environment.PythonVersion,
            Resolver = "hash-pinned requirements",
            Indexes =
            [
                .. indexes
                    .Indexes.Where(i => packages.Concat(tools).Any(p => p.Index == i.Id))
                    .Select(i => new LockedPythonIndex(i.Id, i.Canonical)),
            ],
            Packages = RequirementGraph.Link(packages, requires, environment),
            BuildPackages = tools,
        };
        return new PythonResolution(locked, all);
    }

    private async Task<(LockedPythonPackage Package, WheelMetadata? Metadata)> ChooseAsync(
        RequirementLine line,
        SupportedTags tags,
        RequirementSet set,
        List<BuiltWheel> built,
        CancellationToken cancellation
    )
    {
        var requirement = line.Requirement!;
        var name = requirement.Name.Normal;
        var place = line.Place is null ? "" : $"{line.Place}: ";
        var found = await indexes.FindAsync(name, cancellation)
            ?? throw new TorchyardException(
                PackageCodes.NotOnIndex,
                $"{place}no index has a project '{name}'; asked: {string.Join(", ", indexes.Indexes.Select(i => i.Canonical))}",
                "correct the name, or add the index that has it to [python] extra-indexes"
            );
        var version = requirement.Versions.Clauses[0].Version!;
        var wheels = found
            .Page.Files.Select(file => (File: file, Wheel: WheelFileName.TryParse(file.Filename, out var wheel) ? wheel : null))
            .Where(c =>
                c.Wheel is not null
                && PythonVersion.TryParse(c.Wheel.Version, out var own)
                && requirement.Versions.Contains(own, preReleases: true)
            )
            .ToList();
        if (set.MustBuild(name))
        {
            wheels.Clear();
        }

        var hashed = wheels.Where(c => c.File.Sha256 is { } hash && line.Hashes.Contains(hash)).ToList();
        if (
            !hashed.Any(c => tags.Rank(c.Wheel!) is not null)
            && sources is not null
            && set.MayBuild(name)
            && found.Page.Files.FirstOrDefault(file =>
                SourceArchiveName.TryParse(file.Filename, name, out var own)
                && requirement.Versions.Contains(own, preReleases: true)
                && file.Sha256 is { } hash
                && line.Hashes.Contains(hash)
            )
                is { } archive
        )
        {
            var reference = new SourceReference
            {
                Url = archive.Url,
                Filename = archive.Filename,
                Sha256 = archive.Sha256,
                Size = archive.Size,
                Path = archive.Url.IsFile ? Path.GetRelativePath(set.Directory, archive.Url.LocalPath) : null,
                IsFromIndex = !archive.Url.IsFile && !archive.IsLinked,
            };
            built.Add(await sources.BuildAsync(reference, [], cancellation));
            var package = new LockedPythonPackage
            {
                Name = name,
                Version = "",
                Filename = "",
                Size = 0,
                Sha256 = default,
                Index = reference.IsFromIndex ? found.Index?.Id : null,
                RequiresPython = archive.RequiresPython ?? built[^1].Metadata.RequiresPython,
                Extras = [.. requirement.Extras.Order(StringComparer.Ordinal)],
                Requested = true,
            };
            return (SourceWheels.Complete(package, built[^1]), built[^1].Metadata);
        }

        if (hashed.Count == 0)
        {
            throw new TorchyardException(
                "TY2508",
                $"{place}no file of {name} {version} in {found.Page.Url.Host} has one of the {line.Hashes.Count} given hashes",
                "add the hash of its wheel or source distribution if it is right; else find out who changed it"
            );
        }

        var best = hashed
            .Where(c => tags.Rank(c.Wheel!) is not null)
            .OrderBy(c => tags.Rank(c.Wheel!))
            .ThenByDescending(c => c.Wheel!.Build, StringComparer.Ordinal)
            .FirstOrDefault();
        if (best.Wheel is null)
        {
            throw new TorchyardException(
                PackageCodes.NoWheelFits,
                $"{place}none of the pinned wheels of {name} {version} fits the image's interpreter: "
                    + $"{string.Join(", ", hashed.Select(c => c.Wheel!.Text))}",
                "choose a base system whose Python they are for, or pin again for this one"
            );
        }

        if (best.File.Yanked is { } reason)
        {
            progress.Warn($"{name} {version} was withdrawn by its publisher{(reason.Length > 0 ? $": {reason}" : "")}");
        }

        var metadata = await indexes.FindMetadataAsync(best.File, cancellation) is { } bytes ? WheelMetadata.Parse(bytes) : null;
        return (
            new LockedPythonPackage
            {
                Name = name,
                Version = metadata?.Version ?? best.Wheel.Version,
                Filename = best.Wheel.Text,
                Size = await indexes.FindSizeAsync(best.File, cancellation)
                    ?? throw new TorchyardException(
                        "TY2503",
                        $"{found.Page.Url.Host} does not tell the size of {best.Wheel.Text}",
                        "use another index"
                    ),
                Sha256 = best.File.Sha256!.Value,
                Index = best.File.IsLinked ? null : found.Index?.Id,
                Url = best.File.IsLinked ? best.File.Url.AbsoluteUri : null,
                RequiresPython = best.File.RequiresPython ?? metadata?.RequiresPython,
                Extras = [.. requirement.Extras.Order(StringComparer.Ordinal)],
                Requested = true,
            },
            metadata
        );
    }
}

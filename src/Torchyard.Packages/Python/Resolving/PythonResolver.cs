using System.Text;
using Torchyard.Packages.Errors;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Pip;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Sources;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Resolving;

/// <summary>
/// Turns requirements into the Python part of a lock. pip's own resolver finds the set, for the image's interpreter; this gives it one
/// index to talk to and turns its report into names, hashes and sizes that hold on any mirror.
/// </summary>
/// <param name="indexes">The real indexes.</param>
/// <param name="cache">The package cache.</param>
/// <param name="pip">Runs pip.</param>
/// <param name="progress">Told how far it is.</param>
/// <param name="sources">Builds what has no wheel; null to refuse it.</param>
public sealed class PythonResolver(
    PythonIndexes indexes,
    WheelCache cache,
    IPipRunner pip,
    IProgressSink progress,
    SourceWheels? sources = null
)
{
    /// <summary>Resolves.</summary>
    /// <param name="set">What the recipe asks for.</param>
    /// <param name="options">Constraints, versions to keep, the interpreter.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2503 to TY2509, TY2513, TY2514, TY2520 to TY2526.</exception>
    public async Task<PythonResolution> ResolveAsync(RequirementSet set, ResolveOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(options);
        // A file that is not for this interpreter is not even fetched.
        var lines = set
            .Requirements.Where(line => !line.IsDirect || options.Environment is null || line.Applies(options.Environment))
            .ToList();
        var collected = await DirectWheels.CollectAsync(lines, cache, line => BuildAsync(line, options, cancellation), cancellation);
        var direct = collected.ToDictionary(wheel => wheel.Name.Text, StringComparer.Ordinal);
        var candidates = sources is null ? null : new IndexSources(sources, set, options.BuildChain);
        await using var server = new LoopbackIndex(
            indexes,
            cache,
            direct.ToDictionary(d => d.Key, d => d.Value.File),
            options.Target,
            candidates
        );
        var requirements = string.Join('\n', lines.Select(line => Line(line, server, collected))) + "\n";
        var constraints = set
            .Constraints.Where(c => c.Requirement is not null)
            .Select(c => c.Requirement!.ToString())
            .Concat(options.Constraints)
            .ToList();
        var kept = new KeptVersions(options.Keep, set, options.Constraints);
        using var task = progress.Begin(
            options.BuildChain is [.., var outer] ? $"Resolving what builds {outer}" : "Resolving Python packages",
            null,
            ProgressUnit.Items
        );
        var result = await AskAsync();
        for (var round = 1; result.Report is null && server.Failure is null; round++)
        {
            if (PipFailure.Unmatched(result.Output).Any(server.ShowSources))
            {
                result = await AskAsync();
                continue;
            }

            // Versions are let go when they contradict the requirements, never because pip was kept from looking.
            if (kept.IsEmpty || !PipFailure.IsContradiction(result.Output))
            {
                break;
            }

            if (round < KeptVersions.Rounds)
            {
                kept.Release(result.Output);
            }
            else
            {
                kept.Clear();
            }

            result = await AskAsync();
        }

        if (result.Report is null)
        {
            throw server.Failure ?? await PipFailure.ExplainAsync(result.Output, indexes, server.WithoutWheels, cancellation);
        }

        var report = Read(result.Report);
        var packages = new List<LockedPythonPackage>();
        var built = new List<BuiltWheel>();
        foreach (var installation in report.Install!)
        {
            packages.Add(await LockAsync(installation, server, direct, set, built, cancellation));
        }

        RequireHashes(set, packages, collected);
        var tools = BuildTools.Union(built);

        var environment = report.MarkerEnvironment();
        task.Done($"{Count.Of(packages.Count, "distribution")}");
        SayWhoWon(packages);
        var locked = new LockedPython
        {
            Interpreter = environment.PythonVersion,
            Resolver = $"pip {report.PipVersion}",
            Indexes =
            [
                .. indexes
                    .Indexes.Where(i => packages.Concat(tools).Any(p => p.Index == i.Id))
                    .Select(i => new LockedPythonIndex(i.Id, i.Canonical)),
            ],
            Packages = RequirementGraph.Link(
                packages,
                report.Install!.ToDictionary(
                    i => Normal(i.Metadata!.Name!),
                    i => (IReadOnlyList<string>)(i.Metadata!.RequiresDist ?? []),
                    StringComparer.Ordinal
                ),
                environment
            ),
            BuildPackages = tools,
        };
        return new PythonResolution(
            locked,
            [
                .. report.Install!.Select(i => new WheelMetadata
                {
                    Name = i.Metadata!.Name!,
                    Version = i.Metadata.Version!,
                    RequiresDist = i.Metadata.RequiresDist ?? [],
                    RequiresPython = i.Metadata.RequiresPython,
                    Extras = i.Metadata.ProvidesExtra ?? [],
                }),
            ]
        );

        async Task<PipResult> AskAsync()
        {
            var asked = await pip.ResolveAsync(
                new PipRequest
                {
                    IndexUrl = server.IndexUrl,
                    Requirements = requirements,
                    Constraints = string.Join('\n', constraints.Concat(kept.Constraints)) + "\n",
                    PreReleases = set.PreReleases,
                    OnLine = _ => task.Advance(1),
                },
                cancellation
            );
            return asked.ExitCode == 0 ? asked : asked with { Report = null };
        }
    }

    /// <summary>Where there are several indexes, says which of them was taken for what: another one may have had a newer version.</summary>
    private void SayWhoWon(List<LockedPythonPackage> packages)
    {
        foreach (var index in indexes.Indexes.SkipLast(1))
        {
            var names = packages
                .Where(package => package.Index == index.Id)
                .Select(package => package.Name)
                .Order(StringComparer.Ordinal)
                .ToList();
            if (names.Count > 0)
            {
                progress.Note(
                    $"{string.Join(", ", names.Take(5))}{(names.Count > 5 ? $" and {names.Count - 5} more" : "")}: from "
                        + $"{index.Canonical}, the first index that has {(names.Count == 1 ? "it" : "them")}; later ones were not asked"
                );
            }
        }
    }

    private static PipReport Read(byte[] report)
    {
        try
        {
            return PipReport.Parse(report);
        }
        catch (InvalidDataException wrong)
        {
            throw new TorchyardException(PackageCodes.NoSolution, wrong.Message, "use a base system whose pip is at least 23.0", wrong);
        }
    }

    private Task<BuiltWheel> BuildAsync(RequirementLine line, ResolveOptions options, CancellationToken cancellation) =>
        sources is null
            ? throw RequirementProblem.Wrong(line.Place, $"{line.Source!.Shown} must be built, and nothing is built here", "name a wheel")
            : sources.BuildAsync(line.Source!, options.BuildChain, cancellation);

    private static string Line(RequirementLine line, LoopbackIndex server, IReadOnlyList<DirectWheel> direct)
    {
        if (line.LocalWheel is null && line.Url is null && line.Source is null)
        {
            return line.Requirement!.ToString();
        }

        // Of two lines that name the same file, one has it.
        var filename =
            line.LocalWheel is { } local ? Path.GetFileName(local)
            : line.Url is { } url ? Uri.UnescapeDataString(url.Segments[^1])
            : null;
        var wheel = direct.FirstOrDefault(one => one.Line == line)
            ?? direct.First(one => filename is null ? one.Line.Source?.Shown == line.Source!.Shown : one.Name.Text == filename);
        filename = wheel.Name.Text;
        var text = new StringBuilder(wheel.Name.Name);
        if ((line.Requirement?.Extras ?? line.Extras) is { Count: > 0 } extras)
        {
            text.Append('[').AppendJoin(',', extras).Append(']');
        }

        text.Append(" @ ").Append(server.DirectUrl(filename).AbsoluteUri);
        return (line.Requirement?.Marker ?? line.Marker) is { } marker ? text.Append(" ; ").Append(marker).ToString() : text.ToString();
    }

    private async Task<LockedPythonPackage> LockAsync(
        PipInstallation installation,
        LoopbackIndex server,
        Dictionary<string, DirectWheel> direct,
        RequirementSet set,
        List<BuiltWheel> built,
        CancellationToken cancellation
    )
    {
        var metadata = installation.Metadata;
        if (metadata?.Name is null || metadata.Version is null || !UrlText.TryRead(installation.Download?.Url, out var url))
        {
            throw new TorchyardException(
                PackageCodes.NoSolution,
                "pip's report lacks the name, version or URL of a distribution",
                "use another base system"
            );
        }

        var name = Normal(metadata.Name);
        var locked = new LockedPythonPackage
        {
            Name = name,
            Version = metadata.Version,
            Filename = Uri.UnescapeDataString(url.Segments[^1]),
            Size = 0,
            Sha256 = default,
            RequiresPython = metadata.RequiresPython,
            Extras = [.. (installation.RequestedExtras ?? []).Select(Normal).Order(StringComparer.Ordinal)],
            Requested = installation.Requested,
        };
        if (server.Base.IsBaseOf(url))
        {
            var isDirect = server.Base.MakeRelativeUri(url).OriginalString.StartsWith("direct/", StringComparison.Ordinal);
            if ((isDirect ? direct[locked.Filename].Built : server.Built(locked.Filename)) is not { } made)
            {
                return isDirect
                    ? FromDirect(locked, direct[locked.Filename])
                    : await FromIndexAsync(locked, installation.IsYanked, set, cancellation);
            }

            built.Add(made);
            var index = isDirect || made.Source.Url is not null ? null : (await indexes.FindAsync(name, cancellation))?.Index?.Id;
            return FromSource(locked with { Requested = isDirect || installation.Requested }, made, index, installation, set);
        }

        if (url.Scheme is not ("https" or "http") || !WheelFileName.TryParse(locked.Filename, out _))
        {
            throw new TorchyardException(
                "TY2514",
                $"a distribution's own metadata asks for {metadata.Name} @ {IndexProblem.Show(url)}, which is not followed",
                $"name it in [python] packages yourself: \"{metadata.Name} @ …\""
            );
        }

        // A distribution's own metadata asked for a direct URL.
        var (path, sha256) = await cache.GetAsync(
            new UriBuilder(url) { Fragment = "" }.Uri,
            null,
            null,
            SilentProgress.Instance,
            cancellation
        );
        return locked with { Url = url.AbsoluteUri, Sha256 = sha256, Size = new FileInfo(path).Length };
    }

    private LockedPythonPackage FromSource(
        LockedPythonPackage locked,
        BuiltWheel built,
        string? index,
        PipInstallation installation,
        RequirementSet set
    )
    {
        if (installation.IsYanked)
        {
            progress.Warn($"{locked.Name} {locked.Version} was withdrawn by its publisher");
        }

        if (built.Source.Sha256 is { } archive)
        {
            RequireHash(locked.Name, built.Source.Filename!, archive, set);
        }

        var isOfIndex = built.Source is { Url: null, Path: null };
        return locked with
        {
            Filename = built.Filename,
            Sha256 = built.Sha256,
            Size = built.Size,
            Index = isOfIndex ? index : null,
            Source = built.Source,
        };
    }

    private static LockedPythonPackage FromDirect(LockedPythonPackage locked, DirectWheel wheel) =>
        locked with
        {
            Sha256 = wheel.File.Sha256!.Value,
            Size = wheel.File.Size!.Value,
            Path = wheel.Line.WrittenPath,
            Url = wheel.Line.Url is { } url
                ? new UriBuilder(url)
                {
                    Fragment = "",
                    UserName = "",
                    Password = "",
                }
                    .Uri
                    .AbsoluteUri
                : null,
            Requested = true,
        };

    private async Task<LockedPythonPackage> FromIndexAsync(
        LockedPythonPackage locked,
        bool yanked,
        RequirementSet set,
        CancellationToken cancellation
    )
    {
        var found = await indexes.FindAsync(locked.Name, cancellation);
        var file = found?.Page.Files.FirstOrDefault(f => f.Filename == locked.Filename)
            ?? throw new TorchyardException(
                PackageCodes.NotOnIndex,
                $"{locked.Filename} has vanished from its index while it was resolved",
                "repeat"
            );
        if (yanked)
        {
            progress.Warn(
                $"{locked.Name} {locked.Version} was withdrawn by its "
                    + $"publisher{(file.Yanked is { Length: > 0 } reason ? $": {reason}" : "")}"
            );
        }

        var size = await indexes.FindSizeAsync(file, cancellation);
        var hash = file.Sha256;
        if (hash is null || size is null)
        {
            // The index gives no hash: the file itself has to be fetched for it.
            var (path, actual) = await cache.GetAsync(file.Url, hash, size, SilentProgress.Instance, cancellation);
            (hash, size) = (actual, new FileInfo(path).Length);
        }

        RequireHash(locked.Name, locked.Filename, hash.Value, set);
        return locked with
        {
            Sha256 = hash.Value,
            Size = size.Value,
            Index = file.Url.IsFile || file.IsLinked ? null : found.Index!.Id,
            Url = file.IsLinked ? file.Url.AbsoluteUri : null,
            Path = file.Url.IsFile ? Path.GetRelativePath(set.Directory, file.Url.LocalPath) : null,
        };
    }

    /// <summary>Where hashes are asked for, what the given distributions need must have one, too.</summary>
    private static void RequireHashes(RequirementSet set, List<LockedPythonPackage> packages, IReadOnlyList<DirectWheel> direct)
    {
        if (
            set.RequiresHashes
            && packages.FirstOrDefault(package =>
                !set.Requirements.Any(line => line.Hashes.Count > 0 && line.Requirement?.Name.Normal == package.Name)
                && !direct.Any(wheel => wheel.Line.Hashes.Count > 0 && wheel.Name.Name == package.Name)
            )
                is { } open
        )
        {
            var by = packages.FirstOrDefault(package => package.Requires.Contains(open.Name))?.Name;
            throw new TorchyardException(
                "TY2532",
                $"{open.Name} {open.Version} is needed{(by is null ? "" : $" by {by}")}, and no "
                    + "requirement gives its hash, where every one must have one",
                $"add {open.Name}=={open.Version} --hash=sha256:{open.Sha256.Hex} when that is the right file, or remove --require-hashes"
            )
            {
                IsUsage = true,
            };
        }
    }

    private static void RequireHash(string name, string filename, Digest hash, RequirementSet set)
    {
        var given = set.Requirements.Concat(set.Constraints).Where(r => r.Hashes.Count > 0 && r.Requirement?.Name.Normal == name).ToList();
        if (given.FirstOrDefault(r => !r.Hashes.Contains(hash)) is { } other)
        {
            throw new TorchyardException(
                "TY2508",
                $"{(other.Place is null ? "" : $"{other.Place}: ")}{filename} of the index has SHA-256 {hash.Hex}, which is none of the "
                    + $"hashes given for {name}",
                "add the hash if the file is right; else find out who changed it"
            );
        }
    }

    private static string Normal(string name) => ProjectName.TryParse(name, out var project) ? project.Normal : name;

    /// <summary>Source distributions of indexes and find-links directories, built as a lock needs them.</summary>
    private sealed class IndexSources(SourceWheels sources, RequirementSet set, IReadOnlyList<string> chain) : ISourceCandidates
    {
        public bool MayBuild(string name) => set.MayBuild(name);

        public bool MustBuild(string name) => set.MustBuild(name);

        public Task<BuiltWheel> BuildAsync(RequirementLine line, CancellationToken cancellation) =>
            set.MayBuild(line.Requirement!.Name.Normal)
                ? sources.BuildAsync(line.Source!, chain, cancellation)
                : throw new TorchyardException(
                    PackageCodes.NoWheelFits,
                    $"a distribution asks for {line.Requirement}, and 'only-binary' forbids to build it",
                    $"take {line.Requirement.Name} or :all: out of only-binary"
                );

        public Task<BuiltWheel> BuildAsync(ProjectFile file, FoundProject project, CancellationToken cancellation) =>
            sources.BuildAsync(
                new SourceReference
                {
                    Url = file.Url,
                    Filename = file.Filename,
                    Sha256 = file.Sha256,
                    Size = file.Size,
                    Path = file.Url.IsFile ? Path.GetRelativePath(set.Directory, file.Url.LocalPath) : null,
                    IsFromIndex = !file.Url.IsFile && !file.IsLinked,
                },
                chain,
                cancellation
            );
    }
}

using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Torchyard.Packages.Errors;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Sources;
using Torchyard.Packages.Python.Versions;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Python.Resolving;

/// <summary>
/// The index that pip sees while it resolves: a small server on 127.0.0.1 that answers from the real indexes. So the rule of the first
/// index holds for pip too, no credential enters the sandbox, METADATA comes by PEP 658 or by ranges where pip alone would
/// load whole wheels, and every URL in pip's report says where its file is from. A random part of the path keeps other users out.
/// pip sees wheels only: a source distribution is shown as the wheel that is built of it as soon as pip asks what it requires.
/// </summary>
internal sealed class LoopbackIndex : IAsyncDisposable
{
    private const string MetadataSuffix = ".metadata";

    private readonly CancellationTokenSource _stop = new();
    private readonly string _token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    private readonly PythonIndexes _indexes;
    private readonly WheelCache _cache;
    private readonly Dictionary<string, ProjectFile> _direct;
    private readonly SupportedTags? _tags;
    private readonly ISourceCandidates? _sources;
    private readonly ConcurrentDictionary<string, (ProjectFile File, FoundProject Project)> _shown = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RequirementLine> _later = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, BuiltWheel> _built = new(StringComparer.Ordinal);
    private readonly HashSet<string> _withSources = new(StringComparer.Ordinal);
    private readonly LoopbackServer _server;
    private volatile TorchyardException? _failure;

    /// <summary>Starts serving.</summary>
    /// <param name="indexes">The real indexes.</param>
    /// <param name="cache">Fetches wheels whose METADATA cannot be had otherwise.</param>
    /// <param name="direct">Local wheels and wheels of direct URLs, by file name.</param>
    /// <param name="target">The interpreter: wheels that it does not take are left out of pages. Null for all wheels.</param>
    /// <param name="sources">Builds what has no wheel; null to build nothing.</param>
    public LoopbackIndex(
        PythonIndexes indexes,
        WheelCache cache,
        IReadOnlyDictionary<string, ProjectFile> direct,
        InterpreterTarget? target = null,
        ISourceCandidates? sources = null
    )
    {
        _sources = sources;
        _tags = target is null ? null : new SupportedTags(target);
        _indexes = indexes;
        _cache = cache;
        _direct = direct.ToDictionary(StringComparer.Ordinal);
        _server = new LoopbackServer(AnswerAsync, _stop.Token);
        Base = UrlText.At(_server.Root, _token + "/");
    }

    /// <summary>Root of everything that is served.</summary>
    public Uri Base { get; }

    /// <summary>Root for pip's <c>--index-url</c>.</summary>
    public Uri IndexUrl => UrlText.At(Base, "simple/");

    /// <summary>The first failure of a real index; pip itself only sees a status.</summary>
    public TorchyardException? Failure => _failure;

    /// <summary>URL of a wheel of <c>direct</c>.</summary>
    public Uri DirectUrl(string filename) => UrlText.At(Base, $"direct/{Uri.EscapeDataString(filename)}");

    /// <summary>What was built for a file of the report; null when it is a wheel that was there.</summary>
    public BuiltWheel? Built(string filename) => _built.GetValueOrDefault(filename);

    /// <summary>
    /// Shows the source distributions of a project that has wheels, too. They are held back at first, so that pip takes an older wheel
    /// before a newer source, as its --prefer-binary does. False when there are none, or they are shown already.
    /// </summary>
    public bool ShowSources(string name)
    {
        lock (_withSources)
        {
            return _sources?.MayBuild(name) == true && HeldBack.Contains(name) && _withSources.Add(name);
        }
    }

    /// <summary>Projects whose source distributions were held back.</summary>
    private HashSet<string> HeldBack { get; } = new(StringComparer.Ordinal);

    /// <summary>Projects that only have other files than wheels, as pip asked for them, with an example.</summary>
    public Dictionary<string, string> WithoutWheels { get; } = new(StringComparer.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _server.DisposeAsync();
        _stop.Dispose();
    }

    private async Task<LoopbackAnswer> AnswerAsync(string target)
    {
        try
        {
            var parts = target.Split('?')[0].Trim('/').Split('/');
            if (parts[0] != _token)
            {
                return LoopbackAnswer.NotThere;
            }

            if (parts is [_, "simple", var project])
            {
                return await ProjectPageAsync(Uri.UnescapeDataString(project)) is { } page
                    ? LoopbackAnswer.Of(page, SimpleJson.MediaType)
                    : LoopbackAnswer.NotThere;
            }

            return await FindFileAsync(parts) is var (found, isMetadata)
                ? isMetadata
                    ? await MetadataAnswerAsync(found)
                    : await FileAnswerAsync(found, parts)
                : LoopbackAnswer.NotThere;
        }
        catch (TorchyardException failed)
        {
            _failure ??= failed;
            return LoopbackAnswer.Refused;
        }
        catch (Exception failed) when (!_stop.IsCancellationRequested)
        {
            _failure ??= new TorchyardException(
                PackageCodes.NoSolution,
                $"pip asked for {target[(target.LastIndexOf(_token, StringComparison.Ordinal) + _token.Length)..]}, and answering "
                    + $"failed: {failed.Message}",
                "repeat; if it stays so, report it",
                failed
            );
            return LoopbackAnswer.Refused;
        }
    }

    private async Task<LoopbackAnswer> MetadataAnswerAsync(ProjectFile found)
    {
        var metadata = await MetadataAsync(found);
        metadata = MetadataUrls.Rewrite(metadata, LaterUrl) ?? metadata;
        AskAhead(metadata);
        return LoopbackAnswer.Of(metadata);
    }

    private async Task<LoopbackAnswer> FileAnswerAsync(ProjectFile found, string[] parts)
    {
        var file = await FetchAsync(found);
        // A wheel of an index has a hash that pip compares it with; it got its METADATA before.
        return (parts[1] != "files" || _shown.ContainsKey(Bare(parts[^1]))) && StubOf(file) is { } stub
            ? LoopbackAnswer.Of(stub)
            : LoopbackAnswer.OfFile(file);
    }

    private async Task<byte[]?> ProjectPageAsync(string name)
    {
        if (await _indexes.FindAsync(name, _stop.Token) is not { } found)
        {
            return null;
        }

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("meta");
            json.WriteString("api-version", "1.1");
            json.WriteEndObject();
            json.WriteString("name", name);
            json.WriteStartArray("files");
            var any = false;
            var fitting = new HashSet<PythonVersion>();
            var mustBuild = _sources?.MustBuild(name) == true;
            if (mustBuild && !found.Page.Files.Any(file => SourceArchiveName.TryParse(file.Filename, name, out _)))
            {
                throw new TorchyardException(
                    PackageCodes.NoWheelFits,
                    $"{name} has no source distribution, and --no-binary forbids to take its wheels",
                    $"take {name} or :all: out of --no-binary"
                );
            }

            foreach (var file in found.Page.Files)
            {
                if (!mustBuild && WheelFileName.TryParse(file.Filename, out var wheel) && wheel.Name == name)
                {
                    any = true;
                    if ((_tags is null || _tags.Rank(wheel) is not null) && (IsCached(file) || _indexes.CanRead(file)))
                    {
                        WriteFile(json, name, file, file.Filename, file.Sha256);
                        if (PythonVersion.TryParse(wheel.Version, out var version))
                        {
                            fitting.Add(version);
                        }
                    }
                }
            }

            if (_sources?.MayBuild(name) == true)
            {
                WriteSources(json, name, found, fitting);
            }
            else if (!any && found.Page.Files.Count > 0)
            {
                lock (WithoutWheels)
                {
                    WithoutWheels[name] = found.Page.Files[^1].Filename;
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private void WriteSources(Utf8JsonWriter json, string name, FoundProject found, HashSet<PythonVersion> fitting)
    {
        // Of each version that has no wheel one archive, a .tar.gz before others (PEP 625).
        var archives = found
            .Page.Files.Select(file =>
                (File: file, Version: SourceArchiveName.TryParse(file.Filename, name, out var version) ? version : null)
            )
            .Where(candidate => candidate.Version is not null && !fitting.Contains(candidate.Version))
            .GroupBy(candidate => candidate.Version!)
            .Select(group =>
                group.OrderByDescending(candidate => candidate.File.Filename.EndsWith(".tar.gz", StringComparison.Ordinal)).First()
            )
            .ToList();
        lock (_withSources)
        {
            if (fitting.Count > 0 && archives.Count > 0 && !_withSources.Contains(name))
            {
                HeldBack.Add(name);
                return;
            }
        }

        foreach (var (file, version) in archives)
        {
            // A build tag that no wheel of an index has, so that the two cannot be taken for each other.
            var shown = $"{name.Replace('-', '_')}-{version!.ToString().Replace('-', '_')}-0source-py3-none-any.whl";
            _shown[shown] = (file, found);
            WriteFile(json, name, file, shown, null);
        }
    }

    /// <summary>Builds what pip asks for under a name that stands for a source.</summary>
    private async Task<ProjectFile> BuildAsync(string shown, Func<Task<BuiltWheel>> build)
    {
        if (!_built.TryGetValue(shown, out var built))
        {
            built = await build();
            _built[shown] = built;
        }

        return new ProjectFile
        {
            Filename = built.Filename,
            Url = new Uri(built.File),
            Sha256 = built.Sha256,
            Size = built.Size,
        };
    }

    /// <summary>
    /// Address of the wheel of a source that a distribution's metadata asks for: built when pip asks. What the recipe names itself comes
    /// before.
    /// </summary>
    private Uri LaterUrl(RequirementLine line)
    {
        var name = line.Requirement!.Name.Normal;
        if (_direct.Keys.FirstOrDefault(filename => WheelFileName.TryParse(filename, out var wheel) && wheel.Name == name) is { } direct)
        {
            return DirectUrl(direct);
        }

        // pip reads the name out of the file name; the version is the wheel's, which nobody knows yet.
        var number = Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes($"{line.Source!.Shown} {line.Source.Subdirectory}")).AsSpan(0, 4)
        );
        var filename = $"{name.Replace('-', '_')}-0+{number}-py3-none-any.whl";
        _later[filename] = line;
        return UrlText.At(Base, $"later/{Uri.EscapeDataString(filename)}");
    }

    /// <summary>In the place of a wheel whose metadata asks for sources: one with rewritten metadata. Null for other wheels.</summary>
    private byte[]? StubOf(string path)
    {
        try
        {
            var metadata = WheelArchive.ReadMetadata(new Torchyard.Packages.Python.Zip.ZipFileSource(path));
            return MetadataUrls.Rewrite(metadata, LaterUrl) is { } rewritten && WheelMetadata.Parse(metadata) is var read
                ? MetadataUrls.Stub(read.Name, read.Version, rewritten)
                : null;
        }
        catch (InvalidDataException)
        {
            // pip says what is wrong with it.
            return null;
        }
    }

    private static string Bare(string name) =>
        Uri.UnescapeDataString(name.EndsWith(MetadataSuffix, StringComparison.Ordinal) ? name[..^MetadataSuffix.Length] : name);

    private void WriteFile(Utf8JsonWriter json, string name, ProjectFile file, string shown, Digest? sha256)
    {
        json.WriteStartObject();
        json.WriteString("filename", shown);
        json.WriteString("url", UrlText.At(Base, $"files/{name}/{Uri.EscapeDataString(shown)}").AbsoluteUri);
        json.WriteStartObject("hashes");
        if (sha256 is { } hash)
        {
            json.WriteString("sha256", hash.Hex);
        }

        json.WriteEndObject();
        if (file.RequiresPython is { } python)
        {
            json.WriteString("requires-python", python);
        }

        if (file.Yanked is { } reason)
        {
            json.WriteString("yanked", reason.Length > 0 ? reason : "yanked");
        }

        json.WriteBoolean("core-metadata", true);
        json.WriteBoolean("dist-info-metadata", true);
        json.WriteEndObject();
    }

    private async Task<(ProjectFile File, bool IsMetadata)?> FindFileAsync(string[] parts)
    {
        var isMetadata = parts[^1].EndsWith(MetadataSuffix, StringComparison.Ordinal);
        var filename = Bare(parts[^1]);
        switch (parts)
        {
            case [_, "files", _, _] when _shown.TryGetValue(filename, out var source):
                return (await BuildAsync(filename, () => _sources!.BuildAsync(source.File, source.Project, _stop.Token)), isMetadata);
            case [_, "later", _] when _later.TryGetValue(filename, out var line) && _sources is not null:
                return (await BuildAsync(filename, () => _sources.BuildAsync(line, _stop.Token)), isMetadata);
            case [_, "direct", _]:
                return _direct.TryGetValue(filename, out var direct) ? (direct, isMetadata) : null;
            case [_, "files", var project, _]:
                var found = await _indexes.FindAsync(Uri.UnescapeDataString(project), _stop.Token);
                return found?.Page.Files.FirstOrDefault(f => f.Filename == filename) is { } file ? (file, isMetadata) : null;
            default:
                return null;
        }
    }

    private async Task<byte[]> MetadataAsync(ProjectFile file)
    {
        if (!IsCached(file) && await _indexes.FindMetadataAsync(file, _stop.Token) is { } metadata)
        {
            return metadata;
        }

        try
        {
            return WheelArchive.ReadMetadata(
                new Torchyard.Packages.Python.Zip.ZipFileSource(file.Url.IsFile ? file.Url.LocalPath : await FetchAsync(file))
            );
        }
        catch (InvalidDataException damaged)
        {
            throw WheelProblem.Damaged(file.Filename, damaged.Message, damaged);
        }
    }

    private bool IsCached(ProjectFile file) => file.Sha256 is { } hash && File.Exists(_cache.PathOf(hash));

    /// <summary>pip asks for one project at a time; what a distribution requires is asked for before pip comes to it.</summary>
    private void AskAhead(byte[] metadata)
    {
        WheelMetadata parsed;
        try
        {
            parsed = WheelMetadata.Parse(metadata);
        }
        catch (InvalidDataException)
        {
            // pip says what is wrong with it.
            return;
        }

        foreach (var line in parsed.RequiresDist)
        {
            if (Requirement.TryParse(line, out var requirement, out _) && requirement is { Url: null, Marker: null })
            {
                _ = _indexes.FindAsync(requirement.Name.Normal, _stop.Token);
            }
        }
    }

    private async Task<string> FetchAsync(ProjectFile file) =>
        file.Url.IsFile
            ? file.Url.LocalPath
            : (await _cache.GetAsync(file.Url, file.Sha256, file.Size, SilentProgress.Instance, _stop.Token)).Path;
}

using System.Globalization;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Versions;
using Torchyard.Packages.Python.Wheels;

namespace Torchyard.Packages.Python.Indexes;

/// <summary>A wheel for Linux that an index lists, with what its name says.</summary>
public sealed record ListedWheel
{
    /// <summary>Release without the local version, e.g. <c>2.9.1</c>.</summary>
    public required string Release { get; init; }

    /// <summary>Local version, e.g. <c>cu128</c>, or null.</summary>
    public string? Local { get; init; }

    /// <summary>CPython as a stack names it, e.g. <c>3.13t</c>.</summary>
    public required string Python { get; init; }

    /// <summary>Machine architecture of the platform tag.</summary>
    public required string Architecture { get; init; }

    /// <summary>Minor version of glibc 2 that the tag asks for; null for a tag that does not say, such as <c>linux_x86_64</c>.</summary>
    public int? GlibcMinor { get; init; }

    /// <summary>True for a wheel that its publisher took back (PEP 592).</summary>
    public bool IsYanked { get; init; }

    internal ProjectFile? File { get; init; }
}

/// <summary>What an index lists of a project.</summary>
/// <param name="Wheels">Wheels of releases for CPython on Linux; no pre-releases.</param>
/// <param name="Variants">Number of wheels with a variant label (PEP 825, draft), which nothing here installs.</param>
public sealed record WheelListing(IReadOnlyList<ListedWheel> Wheels, int Variants);

/// <summary>Reads from file names what an index has of a project that is built many times.</summary>
public static class WheelSurvey
{
    private const string Extension = ".whl";

    private static readonly System.Buffers.SearchValues<char> LabelLetters = System.Buffers.SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyz0123456789_."
    );

    /// <summary>The wheels of a project; null when the index does not have it.</summary>
    /// <param name="client">Reads the index.</param>
    /// <param name="index">Its root, with a final slash.</param>
    /// <param name="project">Normalised name.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY2503 to TY2506, TY2520.</exception>
    public static async Task<WheelListing?> ReadAsync(SimpleIndexClient client, Uri index, string project, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(client);
        return await client.FindProjectAsync(index, project, cancellation) is { } page ? Read(page.Files) : null;
    }

    /// <summary>METADATA of a listed wheel; null when the index does not serve it.</summary>
    /// <param name="client">Reads the index.</param>
    /// <param name="wheel">The wheel.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<WheelMetadata?> MetadataAsync(SimpleIndexClient client, ListedWheel wheel, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(wheel);
        return wheel.File is { } file && await client.FindMetadataAsync(file, cancellation) is { } content
            ? WheelMetadata.Parse(content)
            : null;
    }

    internal static WheelListing Read(IReadOnlyList<ProjectFile> files)
    {
        var wheels = new List<ListedWheel>();
        var variants = 0;
        foreach (var file in files)
        {
            if (WheelFileName.TryParse(file.Filename, out var name))
            {
                wheels.AddRange(Wheels(name, file));
            }
            else if (IsVariant(file.Filename))
            {
                variants++;
            }
        }

        return new WheelListing(wheels, variants);
    }

    /// <summary>
    /// True for the name of a wheel with a variant label behind its tags: <c>torch-2.9.1-cp312-cp312-manylinux_2_28_x86_64-cu128.whl</c>.
    /// </summary>
    internal static bool IsVariant(string filename)
    {
        var end = filename.LastIndexOf('-');
        return end > 0
            && filename.EndsWith(Extension, StringComparison.Ordinal)
            && filename.AsSpan(end + 1, filename.Length - end - 1 - Extension.Length) is { Length: > 0 and <= 16 } label
            && label.IndexOfAnyExcept(LabelLetters) < 0
            && WheelFileName.TryParse(filename[..end] + Extension, out _);
    }

    private static IEnumerable<ListedWheel> Wheels(WheelFileName name, ProjectFile file)
    {
        if (!PythonVersion.TryParse(name.Version, out var version) || version.IsPreRelease)
        {
            yield break;
        }

        // A compressed tag set such as manylinux2014_x86_64.manylinux_2_17_x86_64 is one wheel.
        foreach (var group in name.Tags.GroupBy(tag => (Python: Python(tag), Machine: Platform(tag.Platform).Machine)))
        {
            if (group.Key is { Python: { } python, Machine: { } machine })
            {
                yield return new ListedWheel
                {
                    Release = version.Public.ToString(),
                    Local = version.Local,
                    Python = python,
                    Architecture = machine,
                    GlibcMinor = group.Select(tag => Platform(tag.Platform).Glibc).Min(),
                    IsYanked = file.Yanked is not null,
                    File = file,
                };
            }
        }
    }

    private static string? Python(WheelTag tag) =>
        tag.Python.StartsWith("cp3", StringComparison.Ordinal)
        && tag.Python.Length is 4 or 5
        && int.TryParse(tag.Python.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
        && (tag.Abi == tag.Python || tag.Abi == tag.Python + "t")
            ? string.Create(CultureInfo.InvariantCulture, $"3.{minor}{(tag.Abi.EndsWith('t') ? "t" : "")}")
            : null;

    private static (string? Machine, int? Glibc) Platform(string platform)
    {
        var machine = (
            platform.EndsWith("_x86_64", StringComparison.Ordinal),
            platform.EndsWith("_aarch64", StringComparison.Ordinal)
        ) switch
        {
            (true, _) => "x86_64",
            (_, true) => "aarch64",
            _ => null,
        };
        if (machine is null)
        {
            return (null, null);
        }

        var kind = platform[..^(machine.Length + 1)];
        return kind switch
        {
            "manylinux2014" => (machine, 17),
            // What PyPI has under manylinux1 needs more than that: the name was used before auditwheel knew better.
            "linux" or "manylinux1" or "manylinux2010" => (machine, null),
            _ when kind.StartsWith("manylinux_2_", StringComparison.Ordinal)
                    && int.TryParse(kind.AsSpan("manylinux_2_".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var minor) => (
                machine,
                minor
            ),
            _ => (null, null),
        };
    }
}

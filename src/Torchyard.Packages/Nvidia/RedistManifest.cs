using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Torchyard.Packages.Debian.Archives;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Nvidia;

/// <summary>What is looked for in a manifest.</summary>
/// <param name="Component">Its name there: <c>cudnn</c>, <c>cuda_compat</c>.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Platform">Platform as the index names it, e.g. <c>linux-x86_64</c>.</param>
internal sealed record RedistQuery(string Component, string Title, string Platform)
{
    /// <summary>The only release that will do; null for whichever the manifest has.</summary>
    public string? Version { get; init; }

    /// <summary>
    /// CUDA that it is for, as the manifest's variants name it: <c>12</c>, <c>13.1</c>; null for a component without variants.
    /// </summary>
    public string? Cuda { get; init; }
}

/// <summary>An archive that a manifest of NVIDIA's redistributable indexes names.</summary>
internal sealed record RedistArchive
{
    /// <summary>Release.</summary>
    public required string Version { get; init; }

    /// <summary>Path below the index: <c>cudnn/linux-x86_64/cudnn-linux-x86_64-9.0.0.312_cuda12-archive.tar.xz</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Its hash.</summary>
    public required Digest Sha256 { get; init; }

    /// <summary>Path of the licence below the index, or null when the manifest names none.</summary>
    public required string? LicensePath { get; init; }
}

/// <summary>
/// Reads <c>redistrib_RELEASE.json</c> of https://developer.download.nvidia.com/compute/cudnn/redist/ and …/cuda/redist/. Each component is
/// an object with <c>version</c>, <c>license_path</c> and an object for each platform (<c>linux-x86_64</c>). Where there are archives for
/// several CUDAs, or could be, that has one for each (<c>cuda12</c>, <c>cuda13.1</c>): cuDNN since 8.9, cuda_compat since 13.1. Else it
/// describes the archive right there: cuDNN before, in the files with four numbers in their name, and nvidia_driver. Sizes are texts.
/// Everything is untrusted.
/// </summary>
internal static partial class RedistManifest
{
    /// <summary>Largest manifest that is read; those of cuDNN have 4 to 8 kB, those of CUDA about 50.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>Finds an archive.</summary>
    /// <param name="content">The manifest.</param>
    /// <param name="query">What is looked for.</param>
    /// <param name="problem">Why there is none.</param>
    public static RedistArchive? Find(ReadOnlyMemory<byte> content, RedistQuery query, out string problem)
    {
        try
        {
            using var document = UnicodeJson.Parse(content);
            return Find(document.RootElement, query, out problem);
        }
        catch (JsonException damaged)
        {
            problem = $"it is not JSON: {damaged.Message}";
            return null;
        }
        catch (InvalidOperationException)
        {
            // A text that is not valid UTF-16, or a member of another kind than its name says.
            problem = "it has not the form of a manifest";
            return null;
        }
    }

    private static RedistArchive? Find(JsonElement root, RedistQuery query, out string problem)
    {
        if (Object(root, query.Component) is not { } component)
        {
            problem = $"it has no {query.Title}";
            return null;
        }

        if (Text(component, "version") is not { } version || !VersionPattern().IsMatch(version) || (query.Version ?? version) != version)
        {
            problem = $"it is for {query.Title} {Text(component, "version") ?? "of no version"}";
            return null;
        }

        if (Object(component, query.Platform) is not { } place)
        {
            problem = $"it has nothing of {query.Title} for {query.Platform}";
            return null;
        }

        var variant = $"cuda{query.Cuda}";
        var entry = (query.Cuda is null ? null : Object(place, variant)) ?? (place.TryGetProperty("relative_path", out _) ? place : null);
        if (
            entry is not { } archive
            || Text(archive, "relative_path") is not { } path
            || (query.Cuda is not null && !path.Contains($"_{variant}-", StringComparison.Ordinal))
        )
        {
            problem = $"it has nothing of {query.Title} for {(query.Cuda is null ? query.Platform : $"CUDA {query.Cuda}")}";
            return null;
        }

        if (!PackageAddress.IsSafe(path) || !path.EndsWith(".tar.xz", StringComparison.Ordinal))
        {
            problem = $"its path '{path}' is not one of an archive below the index";
            return null;
        }

        if (Text(archive, "sha256") is not { } hash || !HexPattern().IsMatch(hash) || !Digest.TryParse(hash, out var digest))
        {
            problem = $"it gives {path} no SHA-256";
            return null;
        }

        if (Number(archive, "size") is not ({ } size and > 0))
        {
            problem = $"it gives {path} no size";
            return null;
        }

        problem = "";
        return new RedistArchive
        {
            Version = version,
            Path = path,
            Size = size,
            Sha256 = digest,
            LicensePath = Text(component, "license_path") is { } license && PackageAddress.IsSafe(license) ? license : null,
        };
    }

    private static JsonElement? Object(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? value
            : null;

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement parent, string name) =>
        !parent.TryGetProperty(name, out var value) ? null
        : value.ValueKind == JsonValueKind.Number ? (value.TryGetInt64(out var number) ? number : null)
        : value.ValueKind == JsonValueKind.String
        && long.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var parsed)
            ? parsed
        : null;

    [GeneratedRegex(@"\A[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex HexPattern();

    [GeneratedRegex(@"\A[0-9]{1,8}(?:\.[0-9]{1,8}){1,4}\z", RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern();
}

using System.Text.Json;
using System.Text.RegularExpressions;
using Torchyard.Packages.Debian.Archives;
using Torchyard.Platform;

namespace Torchyard.Packages.Cudnn;

/// <summary>An archive that a manifest of NVIDIA's redistributable index names.</summary>
/// <param name="Path">Path below the index: <c>cudnn/linux-x86_64/cudnn-linux-x86_64-9.0.0.312_cuda12-archive.tar.xz</c>.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Its hash.</param>
/// <param name="LicensePath">Path of the licence below the index, or null when the manifest names none.</param>
internal sealed record RedistArchive(string Path, long Size, Digest Sha256, string? LicensePath);

/// <summary>
/// Reads <c>redistrib_RELEASE.json</c> of https://developer.download.nvidia.com/compute/cudnn/redist/. An object <c>cudnn</c> has
/// <c>version</c>, <c>license_path</c> and an object for each platform (<c>linux-x86_64</c>); releases since 8.9 have one for each CUDA in that
/// (<c>cuda12</c>), releases before, and the files with four numbers in their name, describe the archive of one CUDA right there.
/// Sizes are texts. Everything is untrusted.
/// </summary>
internal static partial class RedistManifest
{
    /// <summary>Largest manifest that is read; those of NVIDIA have 4 to 8 kB.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>Names of the manifests that may describe a release, best first: <c>9.0.0</c>, then all four numbers as 8.x had them.</summary>
    public static IReadOnlyList<string> NamesFor(string version) =>
        [$"redistrib_{version[..version.LastIndexOf('.')]}.json", $"redistrib_{version}.json"];

    /// <summary>Finds the archive of a release for a platform and CUDA.</summary>
    /// <param name="content">The manifest.</param>
    /// <param name="version">Release, all four numbers.</param>
    /// <param name="platform">Platform as the index names it, e.g. <c>linux-x86_64</c>.</param>
    /// <param name="cuda">Major version of CUDA.</param>
    /// <param name="problem">Why there is none.</param>
    public static RedistArchive? Find(ReadOnlyMemory<byte> content, string version, string platform, int cuda, out string problem)
    {
        try
        {
            using var document = JsonDocument.Parse(content);
            return Find(document.RootElement, version, platform, cuda, out problem);
        }
        catch (JsonException damaged)
        {
            problem = $"it is no JSON: {damaged.Message}";
            return null;
        }
        catch (InvalidOperationException)
        {
            // A text that is no valid UTF-16, or a member of another kind than its name says.
            problem = "it has not the form of a manifest";
            return null;
        }
    }

    private static RedistArchive? Find(JsonElement root, string version, string platform, int cuda, out string problem)
    {
        if (Object(root, "cudnn") is not { } cudnn)
        {
            problem = "it has no cuDNN";
            return null;
        }

        if (Text(cudnn, "version") is var named && named != version)
        {
            problem = $"it is for cuDNN {named ?? "of no version"}";
            return null;
        }

        if (Object(cudnn, platform) is not { } place)
        {
            problem = $"it has nothing for {platform}";
            return null;
        }

        var variant = $"cuda{cuda}";
        var entry = Object(place, variant) ?? (place.TryGetProperty("relative_path", out _) ? place : null);
        if (entry is not { } archive || Text(archive, "relative_path") is not { } path || !path.Contains($"_{variant}-", StringComparison.Ordinal))
        {
            problem = $"it has nothing for CUDA {cuda}";
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
        return new RedistArchive(path, size, digest, Text(cudnn, "license_path") is { } license && PackageAddress.IsSafe(license) ? license : null);
    }

    private static JsonElement? Object(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement parent, string name) => !parent.TryGetProperty(name, out var value) ? null
        : value.ValueKind == JsonValueKind.Number ? (value.TryGetInt64(out var number) ? number : null)
        : value.ValueKind == JsonValueKind.String && long.TryParse(value.GetString(), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var parsed) ? parsed
        : null;

    [GeneratedRegex(@"\A[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex HexPattern();
}

using System.Text.Json;
using Torchyard.Images.Capture.Host;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Capture.Python;

/// <summary>Reads what installers wrote down (packaging.python.org, "Recording installed projects"; conda-meta).</summary>
/// <param name="tree">The machine.</param>
internal sealed class DistributionReader(HostTree tree)
{
    private const long MaxDocument = 64 << 20;

    /// <summary>The distributions of a site directory, by name.</summary>
    /// <param name="site">Absolute path of the directory.</param>
    public IReadOnlyList<InstalledDistribution> ReadSite(string site)
    {
        var found = new List<InstalledDistribution>();
        foreach (var name in tree.List(site))
        {
            if (name.EndsWith(".dist-info", StringComparison.Ordinal) && ReadWheel(site, name) is { } wheel)
            {
                found.Add(wheel);
            }
            else if (name.EndsWith(".egg-info", StringComparison.Ordinal) && ReadEgg(site, name) is { } egg)
            {
                found.Add(egg);
            }
        }

        return [.. found.OrderBy(distribution => distribution.Name, StringComparer.Ordinal)];
    }

    /// <summary>The packages of a conda prefix, by name.</summary>
    public IReadOnlyList<InstalledDistribution> ReadConda(string prefix)
    {
        var found = new List<InstalledDistribution>();
        foreach (var name in tree.List(prefix + "/conda-meta").Where(name => name.EndsWith(".json", StringComparison.Ordinal)))
        {
            var path = $"{prefix}/conda-meta/{name}";
            if (tree.ReadBytes(path, MaxDocument) is not { } content)
            {
                continue;
            }

            try
            {
                using var document = UnicodeJson.Parse(content);
                var root = document.RootElement;
                found.Add(
                    new InstalledDistribution(Text(root, "name"), Text(root, "version"))
                    {
                        Conda = Origin(root),
                        Origin = path,
                        Files = [.. Texts(root, "files").Select(file => Join(prefix, file)), path],
                        Requires = [.. Texts(root, "depends").Select(depends => depends.Split(' ')[0])],
                    }
                );
            }
            catch (Exception failure) when (failure is JsonException or InvalidOperationException or KeyNotFoundException)
            {
                // A document that is none has no files; they count as nobody's.
            }
        }

        return [.. found.OrderBy(distribution => distribution.Name, StringComparer.Ordinal)];
    }

    /// <summary>A path of RECORD, relative to the site directory, as an absolute path.</summary>
    internal static string Join(string directory, string path)
    {
        if (path.StartsWith('/'))
        {
            return path;
        }

        var parts = new List<string>(directory.Split('/', StringSplitOptions.RemoveEmptyEntries));
        foreach (var part in path.Split('/'))
        {
            if (part == "..")
            {
                if (parts.Count > 0)
                {
                    parts.RemoveAt(parts.Count - 1);
                }
            }
            else if (part is not ("" or "."))
            {
                parts.Add(part);
            }
        }

        return "/" + string.Join('/', parts);
    }

    private InstalledDistribution? ReadWheel(string site, string directory)
    {
        var place = $"{site}/{directory}";
        if (tree.ReadBytes(place + "/METADATA", WheelMetadata.SizeLimit) is not { } content || Headers(content) is not { } metadata)
        {
            return null;
        }

        var files = new List<string>(tree.List(place).Select(name => $"{place}/{name}"));
        files.AddRange(RecordedPaths(tree.ReadBytes(place + "/RECORD", MaxDocument)).Select(path => Join(site, path)));
        return metadata with { Files = [.. files.Distinct(StringComparer.Ordinal)], EditablePath = EditablePath(place), Origin = place };
    }

    private InstalledDistribution? ReadEgg(string site, string name)
    {
        var place = $"{site}/{name}";
        var isDirectory = tree.IsDirectory(place);
        if (
            tree.ReadBytes(isDirectory ? place + "/PKG-INFO" : place, WheelMetadata.SizeLimit) is not { } content
            || Headers(content) is not { } metadata
        )
        {
            return null;
        }

        var files = new List<string> { place };
        if (isDirectory)
        {
            files.AddRange(tree.List(place).Select(file => $"{place}/{file}"));
            files.AddRange(
                (tree.ReadText(place + "/installed-files.txt") ?? "")
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(line => Join(place, line.Trim()))
            );
            // setuptools without RECORD says only which packages are its own.
            foreach (var top in (tree.ReadText(place + "/top_level.txt") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                files.Add($"{site}/{top.Trim()}");
                files.Add($"{site}/{top.Trim()}.py");
            }
        }

        return metadata with
        {
            Files = files,
            Origin = place,
        };
    }

    /// <summary>Name, version and needs; older metadata than wheels may have is read as far as it goes.</summary>
    private static InstalledDistribution? Headers(byte[] content)
    {
        try
        {
            var headers = MetadataHeaders.Parse(content);
            return ProjectName.TryParse(headers.All("Name").FirstOrDefault(), out var name)
                ? new InstalledDistribution(name.Normal, headers.All("Version").FirstOrDefault() ?? "")
                {
                    Origin = "",
                    Requires = [.. headers.All("Requires-Dist")],
                }
                : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private string? EditablePath(string place)
    {
        if (tree.ReadBytes(place + "/direct_url.json") is not { } content)
        {
            return null;
        }

        try
        {
            using var document = UnicodeJson.Parse(content);
            var root = document.RootElement;
            return
                root.TryGetProperty("dir_info", out var directory)
                && directory.TryGetProperty("editable", out var editable)
                && editable.ValueKind == JsonValueKind.True
                && UrlText.TryRead(Text(root, "url"), out var url)
                && url.IsFile
                ? url.LocalPath.TrimEnd('/')
                : null;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Paths of RECORD. Hashes do not matter here, so a RECORD that an installer of wheels would refuse is still read.</summary>
    private static IEnumerable<string> RecordedPaths(byte[]? record)
    {
        if (record is null)
        {
            return [];
        }

        try
        {
            return RecordFile.Parse(record).Keys;
        }
        catch (InvalidDataException)
        {
            return System
                .Text.Encoding.UTF8.GetString(record)
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line[0] == '"' && line.IndexOf('"', 1) is var end and > 0 ? line[1..end] : line.Split(',')[0])
                .Where(path => path.Length > 0);
        }
    }

    private static CondaOrigin Origin(JsonElement root)
    {
        return new CondaOrigin(
            Given("build"),
            Given("subdir"),
            Given("url") is { } url && UrlText.TryRead(url, out _) && !UrlText.HoldsSecret(url) ? url : null,
            Given("sha256") is { } hex && Digest.TryParse("sha256:" + hex, out var digest) ? digest : null
        );

        string? Given(string name) =>
            root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
                ? text
                : null;
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";

    private static IEnumerable<string> Texts(JsonElement element, string name) =>
        element.TryGetProperty(name, out var array) && array.ValueKind == JsonValueKind.Array
            ? [.. array.EnumerateArray().Select(item => item.GetString()).OfType<string>()]
            : [];
}

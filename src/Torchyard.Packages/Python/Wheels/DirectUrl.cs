using System.Text.Json;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Wheels;

/// <summary>Writes direct_url.json (PEP 610; packaging.python.org, "Recording the Direct URL Origin of installed distributions").</summary>
public static class DirectUrl
{
    /// <summary>
    /// The file's content: the archive or commit that was asked for, not the wheel that was built of it. Null for what came from an index,
    /// and for local files: the path of one machine must not reach the image.
    /// </summary>
    public static byte[]? Of(LockedPythonPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        var source = package.Source;
        return (source?.Url ?? package.Url) is { } url ? Write(url, source, source?.Sha256 ?? package.Sha256) : null;
    }

    private static byte[] Write(string url, LockedSource? source, Digest sha256)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (source?.Commit is { } commit)
            {
                json.WriteStartObject("vcs_info");
                json.WriteString("commit_id", commit);
                if (source.Revision is { } revision)
                {
                    json.WriteString("requested_revision", revision);
                }

                json.WriteString("vcs", "git");
                json.WriteEndObject();
            }
            else
            {
                json.WriteStartObject("archive_info");
                json.WriteString("hash", "sha256=" + sha256.Hex);
                json.WriteStartObject("hashes");
                json.WriteString("sha256", sha256.Hex);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            if (source?.Subdirectory is { } subdirectory)
            {
                json.WriteString("subdirectory", subdirectory);
            }

            json.WriteString("url", url);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}

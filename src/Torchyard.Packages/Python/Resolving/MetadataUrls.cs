using System.IO.Compression;
using System.Text;
using Torchyard.Packages.Errors;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Resolving;

/// <summary>
/// METADATA whose requirements name sources by URL (<c>Requires-Dist: lib @ git+https://…</c>), rewritten for pip: it gets a wheel of
/// Torchyard's own index in the place of each, since it could neither fetch nor build them where it runs. Markers that ask for the
/// machine's kernel are answered as far as Linux alone decides them.
/// </summary>
internal static class MetadataUrls
{
    private const string Field = "Requires-Dist:";

    /// <summary>Rewrites METADATA; null when it names no source.</summary>
    /// <param name="metadata">The file.</param>
    /// <param name="replace">Address of the wheel for a requirement whose <see cref="RequirementLine.Source"/> is set.</param>
    /// <exception cref="TorchyardException">TY2514: it names what is not followed.</exception>
    public static byte[]? Rewrite(byte[] metadata, Func<RequirementLine, Uri> replace)
    {
        // Headers end at the first empty line; the description may say what it likes.
        var text = Encoding.UTF8.GetString(metadata);
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        var lines = (end < 0 ? text : text[..end]).Split('\n');
        var changed = false;
        for (var i = 0; i < lines.Length; i++)
        {
            if (
                lines[i].StartsWith(Field, StringComparison.OrdinalIgnoreCase)
                && Requirement.TryParse(lines[i][Field.Length..].Trim(), out var requirement, out _)
            )
            {
                // pip fails on a kernel whose name is not a version, also where the rest of the marker decides.
                var asked = requirement.Marker is { AsksForKernel: true } marker
                    ? requirement with
                    {
                        Marker = marker.OnLinux(),
                    }
                    : requirement;
                var source = asked.Url is null ? null : Source(asked);
                if (source is not null || !ReferenceEquals(asked, requirement))
                {
                    lines[i] = $"{Field} {(source is null ? asked : asked with { Url = replace(source).AbsoluteUri })}";
                    changed = true;
                }
            }
        }

        return changed ? Encoding.UTF8.GetBytes(string.Join('\n', lines) + (end < 0 ? "" : text[end..])) : null;
    }

    /// <summary>A wheel with METADATA alone: all that pip reads of one when it only resolves.</summary>
    public static byte[] Stub(string name, string version, byte[] metadata)
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            var info = $"{name.Replace('-', '_')}-{version}.dist-info";
            Write($"{info}/METADATA", metadata);
            Write($"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: torchyard\nRoot-Is-Purelib: true\nTag: py3-none-any\n"u8.ToArray());
            Write($"{info}/RECORD", []);

            void Write(string path, byte[] content)
            {
                using var stream = zip.CreateEntry(path, CompressionLevel.Fastest).Open();
                stream.Write(content);
            }
        }

        return buffer.ToArray();
    }

    private static RequirementLine? Source(Requirement requirement)
    {
        try
        {
            return RequirementLine.OfMetadata(requirement.ToString()) is { Source: not null } line ? line : null;
        }
        catch (TorchyardException unknown) when (unknown.Code is PackageCodes.WrongRequirement or PackageCodes.RefusedRequirement)
        {
            // Not the URL of anything that is known: pip says so, if it comes to it.
            return null;
        }
    }
}

using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Torchyard.ReleaseFiles;

/// <summary>
/// Writes a NuGet package whose bytes depend on its content alone. 'dotnet pack' of an SDK before 10.0.400 puts the time and a random name
/// into each, and would compile the program a second time.
/// </summary>
internal static class NuGetPackage
{
    private const string Properties = "package/services/metadata/core-properties/";

    /// <summary>Gives the bytes of the package: an archive by the Open Packaging Conventions (ECMA-376 part 2).</summary>
    public static byte[] Write(string id, Release release, string nuspec, IEnumerable<(string Path, byte[] Content)> files)
    {
        var properties = Encoding.UTF8.GetBytes(
            $"""
            <?xml version="1.0" encoding="utf-8"?>
            <coreProperties xmlns="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">
              <dc:identifier>{id}</dc:identifier>
              <version>{release.Version}</version>
            </coreProperties>
            """
        );
        var propertiesPath = $"{Properties}{Convert.ToHexStringLower(SHA256.HashData(properties))[..32]}.psmdcp";
        var relationships = $"""
            <?xml version="1.0" encoding="utf-8"?>
            <Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
              <Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/{id}.nuspec" Id="R0" />
              <Relationship Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="/{propertiesPath}" Id="R1" />
            </Relationships>
            """;
        List<(string Path, byte[] Content)> all =
        [
            ("_rels/.rels", Encoding.UTF8.GetBytes(relationships)),
            ($"{id}.nuspec", Encoding.UTF8.GetBytes(nuspec)),
            (propertiesPath, properties),
            .. files.OrderBy(file => file.Path, StringComparer.Ordinal),
        ];
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(archive, release, "[Content_Types].xml", Encoding.UTF8.GetBytes(ContentTypes(all.Select(file => file.Path))));
            foreach (var (path, content) in all)
            {
                Add(archive, release, path, content);
            }
        }

        return bytes.ToArray();
    }

    private static void Add(ZipArchive archive, Release release, string path, byte[] content)
    {
        var entry = archive.CreateEntry(path, CompressionLevel.SmallestSize);
        entry.LastWriteTime = release.Date;
        // For tools that take modes from the archive; NuGet has its own.
        entry.ExternalAttributes = (Path.GetExtension(path).Length == 0 ? 0x81ED : 0x81A4) << 16;
        using var stream = entry.Open();
        stream.Write(content);
    }

    private static string ContentTypes(IEnumerable<string> paths)
    {
        var list = paths.ToList();
        var types = new StringBuilder(
            """
            <?xml version="1.0" encoding="utf-8"?>
            <Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
              <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" />
              <Default Extension="psmdcp" ContentType="application/vnd.openxmlformats-package.core-properties+xml" />

            """
        );
        foreach (
            var extension in list.Select(Path.GetExtension)
                .Where(extension => extension is { Length: > 1 } and not (".rels" or ".psmdcp"))
                .Distinct()
                .Order(StringComparer.Ordinal)
        )
        {
            types.Append($"  <Default Extension=\"{extension![1..]}\" ContentType=\"application/octet\" />\n");
        }

        // A program has no extension, so it is named.
        foreach (var path in list.Where(path => Path.GetExtension(path).Length == 0))
        {
            types.Append($"  <Override PartName=\"/{path}\" ContentType=\"application/octet\" />\n");
        }

        return types.Append("</Types>\n").ToString();
    }
}

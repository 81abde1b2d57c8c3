using System.Buffers;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;

namespace Torchyard.Images.Sbom;

/// <summary>The software bill of materials of an image: SPDX 2.3 in JSON (spdx.github.io/spdx-spec/v2.3).</summary>
internal static class SpdxDocument
{
    private const string Document = "SPDXRef-DOCUMENT";
    private const string Image = "SPDXRef-Image";
    private const string BaseImage = "SPDXRef-BaseImage";

    /// <summary>Version of this program.</summary>
    internal static string ToolVersion { get; } =
        typeof(SpdxDocument).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    internal static byte[] Write(SpdxContent content, Digest image)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("spdxVersion", "SPDX-2.3");
            json.WriteString("dataLicense", "CC0-1.0");
            json.WriteString("SPDXID", Document);
            json.WriteString("name", $"{content.Name}:{content.Tag}");
            json.WriteString("documentNamespace", $"https://torchyard.invalid/spdx/{image.Hex}");
            json.WriteStartObject("creationInfo");
            json.WriteString("created", ImageText.Timestamp(content.Created));
            json.WriteStartArray("creators");
            json.WriteStringValue("Tool: torchyard-" + ToolVersion);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteStartArray("packages");
            WriteImage(json, Image, content.Name, content.Tag, image);
            if (content.Base is { } on)
            {
                WriteImage(json, BaseImage, "base image", version: null, on);
            }

            foreach (var package in content.Packages)
            {
                WritePackage(json, package);
            }

            json.WriteEndArray();
            WriteLicenses(json, content.Licenses);
            WriteRelationships(json, content);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteImage(Utf8JsonWriter json, string id, string name, string? version, Digest image)
    {
        json.WriteStartObject();
        json.WriteString("SPDXID", id);
        json.WriteString("name", name);
        WriteGiven(json, "versionInfo", version);
        json.WriteString("downloadLocation", SpdxPackage.Unknown);
        json.WriteBoolean("filesAnalyzed", false);
        json.WriteString("primaryPackagePurpose", "CONTAINER");
        WriteChecksum(json, image);
        json.WriteEndObject();
    }

    private static void WritePackage(Utf8JsonWriter json, SpdxPackage package)
    {
        json.WriteStartObject();
        json.WriteString("SPDXID", package.Id);
        json.WriteString("name", package.Name);
        json.WriteString("versionInfo", package.Version);
        WriteGiven(json, "supplier", package.Supplier);
        json.WriteString("downloadLocation", package.DownloadLocation);
        json.WriteBoolean("filesAnalyzed", false);
        WriteGiven(json, "sourceInfo", package.SourceInfo);
        WriteGiven(json, "licenseDeclared", package.License);
        if (package.Sha256 is { } sha256)
        {
            WriteChecksum(json, sha256);
        }

        if (package.Purl is { } purl)
        {
            json.WriteStartArray("externalRefs");
            json.WriteStartObject();
            json.WriteString("referenceCategory", "PACKAGE-MANAGER");
            json.WriteString("referenceType", "purl");
            json.WriteString("referenceLocator", purl);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteLicenses(Utf8JsonWriter json, IReadOnlyList<SpdxLicense> licenses)
    {
        if (licenses.Count == 0)
        {
            return;
        }

        json.WriteStartArray("hasExtractedLicensingInfos");
        foreach (var license in licenses)
        {
            json.WriteStartObject();
            json.WriteString("licenseId", license.Id);
            json.WriteString("name", license.Name);
            json.WriteString("extractedText", license.Text);
            json.WriteStartArray("seeAlsos");
            json.WriteStringValue(license.Url);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRelationships(Utf8JsonWriter json, SpdxContent content)
    {
        json.WriteStartArray("relationships");
        Relationship(Document, "DESCRIBES", Image);
        if (content.Base is not null)
        {
            Relationship(Image, "DESCENDANT_OF", BaseImage);
        }

        foreach (var package in content.Packages)
        {
            Relationship(Image, "CONTAINS", package.Id);
        }

        json.WriteEndArray();

        void Relationship(string from, string type, string to)
        {
            json.WriteStartObject();
            json.WriteString("spdxElementId", from);
            json.WriteString("relationshipType", type);
            json.WriteString("relatedSpdxElement", to);
            json.WriteEndObject();
        }
    }

    private static void WriteGiven(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteChecksum(Utf8JsonWriter json, Digest digest)
    {
        json.WriteStartArray("checksums");
        json.WriteStartObject();
        json.WriteString("algorithm", "SHA256");
        json.WriteString("checksumValue", digest.Hex);
        json.WriteEndObject();
        json.WriteEndArray();
    }
}

using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Images.Oci;

/// <summary>The software bill of materials of an image: SPDX 2.3 in JSON (spdx.github.io/spdx-spec/v2.3).</summary>
internal static class SpdxDocument
{
    private const string Cudnn = "SPDXRef-cudnn";
    private const string CudnnLicense = "LicenseRef-NVIDIA-cuDNN";

    internal static byte[] Write(RecipeLock locked, Digest image)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("spdxVersion", "SPDX-2.3");
            json.WriteString("dataLicense", "CC0-1.0");
            json.WriteString("SPDXID", "SPDXRef-DOCUMENT");
            json.WriteString("name", $"{locked.Recipe.Name}:{locked.Recipe.Image.Tag}");
            json.WriteString("documentNamespace", $"https://torchyard.invalid/spdx/{image.Hex}");
            json.WriteStartObject("creationInfo");
            json.WriteString("created", ImageWriter.Timestamp(locked.SourceDateEpoch));
            json.WriteStartArray("creators");
            json.WriteStringValue("Tool: torchyard");
            json.WriteEndArray();
            json.WriteEndObject();
            WritePackages(json, locked, image);
            WriteRelationships(json, locked);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WritePackages(Utf8JsonWriter json, RecipeLock locked, Digest image)
    {
        var archives = locked.Archives.ToDictionary(archive => archive.Id, StringComparer.Ordinal);
        json.WriteStartArray("packages");
        json.WriteStartObject();
        json.WriteString("SPDXID", "SPDXRef-Image");
        json.WriteString("name", locked.Recipe.Name);
        json.WriteString("versionInfo", locked.Recipe.Image.Tag);
        json.WriteString("downloadLocation", "NOASSERTION");
        json.WriteBoolean("filesAnalyzed", false);
        json.WriteString("primaryPackagePurpose", "CONTAINER");
        WriteChecksum(json, image);
        json.WriteEndObject();
        foreach (var package in locked.Packages)
        {
            json.WriteStartObject();
            json.WriteString("SPDXID", Id(package));
            json.WriteString("name", package.Name);
            json.WriteString("versionInfo", package.Version);
            json.WriteString("supplier", "Organization: Debian");
            json.WriteString(
                "downloadLocation",
                archives.TryGetValue(package.Archive, out var archive) ? $"{archive.Uri.TrimEnd('/')}/{package.Filename}" : "NOASSERTION");
            json.WriteBoolean("filesAnalyzed", false);
            json.WriteString("sourceInfo", "built from Debian source package " + package.Source);
            WriteChecksum(json, package.Sha256);
            json.WriteStartArray("externalRefs");
            json.WriteStartObject();
            json.WriteString("referenceCategory", "PACKAGE-MANAGER");
            json.WriteString("referenceType", "purl");
            json.WriteString(
                "referenceLocator",
                $"pkg:deb/debian/{Uri.EscapeDataString(package.Name)}@{Uri.EscapeDataString(package.Version)}?arch={package.Architecture}&distro={locked.Recipe.Base.Suite}");
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        if (locked.Cudnn is { } cudnn)
        {
            WriteCudnn(json, cudnn);
        }

        json.WriteEndArray();
        if (locked.Cudnn is not null)
        {
            WriteCudnnLicense(json, locked.Cudnn);
        }
    }

    private static void WriteCudnn(Utf8JsonWriter json, LockedCudnn cudnn)
    {
        json.WriteStartObject();
        json.WriteString("SPDXID", Cudnn);
        json.WriteString("name", "cudnn");
        json.WriteString("versionInfo", cudnn.Version);
        json.WriteString("supplier", "Organization: NVIDIA");
        json.WriteString("downloadLocation", cudnn.Url);
        json.WriteBoolean("filesAnalyzed", false);
        json.WriteString("licenseDeclared", CudnnLicense);
        WriteChecksum(json, cudnn.Sha256);
        json.WriteEndObject();
    }

    /// <summary>A licence that SPDX has no identifier for (clause 10): its text is where <c>seeAlsos</c> says, and in the image.</summary>
    private static void WriteCudnnLicense(Utf8JsonWriter json, LockedCudnn cudnn)
    {
        json.WriteStartArray("hasExtractedLicensingInfos");
        json.WriteStartObject();
        json.WriteString("licenseId", CudnnLicense);
        json.WriteString("name", "NVIDIA's licence of cuDNN");
        json.WriteString("extractedText", "See /usr/share/doc/nvidia-cudnn/LICENSE in the image.");
        json.WriteStartArray("seeAlsos");
        json.WriteStringValue(cudnn.License);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteRelationships(Utf8JsonWriter json, RecipeLock locked)
    {
        json.WriteStartArray("relationships");
        Relationship("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image");
        foreach (var package in locked.Packages)
        {
            Relationship("SPDXRef-Image", "CONTAINS", Id(package));
        }

        if (locked.Cudnn is not null)
        {
            Relationship("SPDXRef-Image", "CONTAINS", Cudnn);
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

    private static void WriteChecksum(Utf8JsonWriter json, Digest digest)
    {
        json.WriteStartArray("checksums");
        json.WriteStartObject();
        json.WriteString("algorithm", "SHA256");
        json.WriteString("checksumValue", digest.Hex);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <summary>Identifiers allow letters, digits, "." and "-" (clause 3.2).</summary>
    private static string Id(LockedDebianPackage package) =>
        "SPDXRef-deb-" + string.Concat($"{package.Name}-{package.Architecture}".Select(character =>
            char.IsAsciiLetterOrDigit(character) || character is '.' or '-' ? character.ToString() : $"-{(int)character:x}-"));
}

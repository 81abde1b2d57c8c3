using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Torchyard.ReleaseFiles;

/// <summary>The bill of materials of the programs: SPDX 2.3 in JSON (spdx.github.io/spdx-spec/v2.3).</summary>
internal static class ProgramSbom
{
    private const string Unknown = "NOASSERTION";

    /// <summary>Writes it.</summary>
    public static ReleaseFile Of(Release release)
    {
        var pins = Path.Combine(release.Sources, "eng/NativeLibraries");
        (string Name, List<Linked> Software)[] programs =
        [
            (
                Release.Name,
                [
                    .. LinkedSoftware.OfProject(release.Sources, "Torchyard"),
                    .. LinkedSoftware.OfPins(Path.Combine(pins, "libraries.pins"), file => file.EndsWith(".a", StringComparison.Ordinal)),
                ]
            ),
            (
                Release.Mirror,
                [
                    .. LinkedSoftware.OfProject(release.Sources, "Torchyard.Mirror"),
                    .. LinkedSoftware.OfPins(Path.Combine(pins, "libraries.pins"), file => file.EndsWith(".a", StringComparison.Ordinal)),
                ]
            ),
            // What is below target/ is linked in; the rest is the linker.
            (
                Release.Supervisor,
                [
                    .. LinkedSoftware.OfProject(release.Sources, "Torchyard.Supervisor"),
                    .. LinkedSoftware.OfPins(Path.Combine(pins, "toolchain.pins"), file =>
                        file.StartsWith("target/", StringComparison.Ordinal)
                    ),
                ]
            ),
        ];
        var hashes = programs.ToDictionary(
            program => program.Name,
            program => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(release.Program, program.Name))))
        );
        using var bytes = new MemoryStream();
        using (
            var json = new Utf8JsonWriter(
                bytes,
                new JsonWriterOptions
                {
                    Indented = true,
                    NewLine = "\n",
                    Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                }
            )
        )
        {
            json.WriteStartObject();
            json.WriteString("spdxVersion", "SPDX-2.3");
            json.WriteString("dataLicense", "CC0-1.0");
            json.WriteString("SPDXID", "SPDXRef-DOCUMENT");
            json.WriteString("name", $"{Release.Name}-{release.Version}");
            json.WriteString(
                "documentNamespace",
                $"https://torchyard.invalid/spdx/{Release.Name}-{release.Version}-{hashes[Release.Name]}"
            );
            json.WriteStartObject("creationInfo");
            json.WriteString(
                "created",
                release.Date.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture)
            );
            json.WriteStartArray("creators");
            json.WriteStringValue("Tool: eng/release");
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteStartArray("packages");
            foreach (var (name, _) in programs)
            {
                WritePackage(
                    json,
                    new Linked
                    {
                        Name = name,
                        Version = release.Version,
                        Url = $"pkg:generic/{name}@{Uri.EscapeDataString(release.Version)}",
                        License = "Apache-2.0",
                        Sha256 = hashes[name],
                    },
                    "APPLICATION"
                );
            }

            foreach (var linked in programs.SelectMany(program => program.Software).DistinctBy(linked => linked.Url))
            {
                WritePackage(json, linked, "LIBRARY");
            }

            json.WriteEndArray();
            json.WriteStartArray("relationships");
            foreach (var (name, software) in programs)
            {
                WriteRelationship(json, "SPDXRef-DOCUMENT", "DESCRIBES", IdOf(name, release.Version));
                foreach (var linked in software)
                {
                    WriteRelationship(json, IdOf(name, release.Version), "STATIC_LINK", IdOf(linked.Name, linked.Version));
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return new ReleaseFile($"{Release.Name}-{release.Version}.spdx.json", bytes.ToArray());
    }

    private static void WritePackage(Utf8JsonWriter json, Linked package, string purpose)
    {
        json.WriteStartObject();
        json.WriteString("SPDXID", IdOf(package.Name, package.Version));
        json.WriteString("name", package.Name);
        json.WriteString("versionInfo", package.Version);
        json.WriteString("downloadLocation", Unknown);
        json.WriteBoolean("filesAnalyzed", false);
        json.WriteString("primaryPackagePurpose", purpose);
        json.WriteString("licenseConcluded", Unknown);
        json.WriteString("licenseDeclared", package.License);
        json.WriteString("copyrightText", Unknown);
        if (package.Sha256 is { } hash)
        {
            json.WriteStartArray("checksums");
            json.WriteStartObject();
            json.WriteString("algorithm", "SHA256");
            json.WriteString("checksumValue", hash);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteStartArray("externalRefs");
        json.WriteStartObject();
        json.WriteString("referenceCategory", "PACKAGE-MANAGER");
        json.WriteString("referenceType", "purl");
        json.WriteString("referenceLocator", package.Url);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteRelationship(Utf8JsonWriter json, string from, string type, string to)
    {
        json.WriteStartObject();
        json.WriteString("spdxElementId", from);
        json.WriteString("relationshipType", type);
        json.WriteString("relatedSpdxElement", to);
        json.WriteEndObject();
    }

    // Clause 3.2: letters, digits, "." and "-".
    private static string IdOf(string name, string version) =>
        "SPDXRef-"
        + string.Concat($"{name}-{version}".Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' ? letter : '-'));
}

using System.Text.Json;
using System.Text.RegularExpressions;

namespace Torchyard.Images.Tests.Oci.Sbom;

/// <summary>
/// What SPDX 2.3 asks of a document (spdx.github.io/spdx-spec/v2.3), as far as ours use it; there is no validator of it in Debian.
/// </summary>
internal static partial class SpdxRules
{
    private static readonly string[] Relationships = ["DESCRIBES", "CONTAINS", "DESCENDANT_OF"];

    /// <summary>Fails on everything that breaks a rule, and gives the package URLs and what has none by name.</summary>
    public static IReadOnlyList<string> Check(byte[] document)
    {
        using var json = JsonDocument.Parse(document);
        var root = json.RootElement;
        // Clause 6.
        Assert.Equal("SPDX-2.3", Text(root, "spdxVersion"));
        Assert.Equal("CC0-1.0", Text(root, "dataLicense"));
        Assert.Equal("SPDXRef-DOCUMENT", Text(root, "SPDXID"));
        Assert.NotEmpty(Text(root, "name"));
        Assert.True(
            Uri.TryCreate(Text(root, "documentNamespace"), UriKind.Absolute, out var space) && space.Fragment.Length == 0,
            Text(root, "documentNamespace")
        );
        Assert.Matches(Date(), Text(root.GetProperty("creationInfo"), "created"));
        Assert.All(root.GetProperty("creationInfo").GetProperty("creators").EnumerateArray(), creator =>
            Assert.Matches("^(Tool|Person|Organization): .+", creator.GetString()!)
        );

        // Clause 7: each package.
        var ids = new HashSet<string>(StringComparer.Ordinal) { "SPDXRef-DOCUMENT" };
        var names = new List<string>();
        foreach (var package in root.GetProperty("packages").EnumerateArray())
        {
            var id = Text(package, "SPDXID");
            Assert.Matches(Identifier(), id);
            Assert.True(ids.Add(id), $"{id} is there twice");
            Assert.NotEmpty(Text(package, "name"));
            var location = Text(package, "downloadLocation");
            Assert.True(location is "NOASSERTION" or "NONE" || Uri.TryCreate(location, UriKind.Absolute, out _), location);
            Assert.False(package.GetProperty("filesAnalyzed").GetBoolean());
            if (package.TryGetProperty("supplier", out var supplier))
            {
                Assert.Matches("^(NOASSERTION|(Person|Organization): .+)$", supplier.GetString()!);
            }

            foreach (var checksum in package.TryGetProperty("checksums", out var checksums) ? checksums.EnumerateArray() : default)
            {
                Assert.Equal("SHA256", Text(checksum, "algorithm"));
                Assert.Matches("^[0-9a-f]{64}$", Text(checksum, "checksumValue"));
            }

            foreach (var reference in package.TryGetProperty("externalRefs", out var references) ? references.EnumerateArray() : default)
            {
                Assert.Equal(("PACKAGE-MANAGER", "purl"), (Text(reference, "referenceCategory"), Text(reference, "referenceType")));
                Assert.Matches(PackageUrl(), Text(reference, "referenceLocator"));
                names.Add(Text(reference, "referenceLocator"));
            }

            if (!package.TryGetProperty("externalRefs", out _))
            {
                names.Add(Text(package, "name"));
            }
        }

        // Clause 11: between elements that there are; the image contains each package.
        var contained = new HashSet<string>(StringComparer.Ordinal);
        foreach (var relationship in root.GetProperty("relationships").EnumerateArray())
        {
            Assert.Contains(Text(relationship, "relationshipType"), Relationships);
            Assert.Contains(Text(relationship, "spdxElementId"), ids);
            Assert.Contains(Text(relationship, "relatedSpdxElement"), ids);
            contained.Add(Text(relationship, "relatedSpdxElement"));
        }

        Assert.Equal(ids.Except(["SPDXRef-DOCUMENT"]).Order(StringComparer.Ordinal), contained.Order(StringComparer.Ordinal));
        return names;
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    [GeneratedRegex(@"^SPDXRef-[A-Za-z0-9.-]+$")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    private static partial Regex Date();

    // package-url/purl-spec: scheme, type, namespace, name, version, qualifiers; everything else is percent-encoded.
    [GeneratedRegex(
        @"^pkg:(deb|pypi|conda|generic)/([A-Za-z0-9._~%-]+/)?[A-Za-z0-9._~%-]+@[A-Za-z0-9._~%-]+(\?[a-z]+=[A-Za-z0-9._~%-]+(&[a-z]+=[A-Za-z0-9._~%-]+)*)?$"
    )]
    private static partial Regex PackageUrl();
}

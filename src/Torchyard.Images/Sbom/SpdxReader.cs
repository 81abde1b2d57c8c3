using System.Text.Json;
using Torchyard.Images.Errors;

namespace Torchyard.Images.Sbom;

/// <summary>A piece of software that a bill of materials lists.</summary>
/// <param name="Kind">Type of its package URL: deb, pypi, conda, generic.</param>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version.</param>
public sealed record ListedSoftware(string Kind, string Name, string Version);

/// <summary>Reads what an SPDX 2.3 document lists, which anybody may have written: other fields are passed over.</summary>
internal static class SpdxReader
{
    private const string PackageUrl = "pkg:";

    /// <summary>The packages that have a package URL.</summary>
    /// <param name="document">SPDX in JSON.</param>
    /// <param name="what">What it is, for the error.</param>
    /// <exception cref="Platform.Errors.TorchyardException">TY3011: it is not such a document.</exception>
    public static IReadOnlyList<ListedSoftware> Read(ReadOnlyMemory<byte> document, string what)
    {
        try
        {
            using var json = JsonDocument.Parse(document);
            return
                json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("packages", out var packages)
                && packages.ValueKind == JsonValueKind.Array
                ? [.. packages.EnumerateArray().Select(Read).OfType<ListedSoftware>()]
                : throw ImageErrors.BadDocument(what, "it lists no packages");
        }
        catch (JsonException)
        {
            throw ImageErrors.BadDocument(what, "it is not JSON");
        }
    }

    private static ListedSoftware? Read(JsonElement package) =>
        package.ValueKind == JsonValueKind.Object
        && Text(package, "name") is { } name
        && Text(package, "versionInfo") is { } version
        && KindOf(package) is { } kind
            ? new ListedSoftware(kind, name, version)
            : null;

    private static string? KindOf(JsonElement package) =>
        package.TryGetProperty("externalRefs", out var references) && references.ValueKind == JsonValueKind.Array
            ? references
                .EnumerateArray()
                .Where(reference => reference.ValueKind == JsonValueKind.Object && Text(reference, "referenceType") == "purl")
                .Select(reference => Text(reference, "referenceLocator"))
                .OfType<string>()
                .Where(locator =>
                    locator.StartsWith(PackageUrl, StringComparison.Ordinal) && locator.Contains('/', StringComparison.Ordinal)
                )
                .Select(locator => locator[PackageUrl.Length..locator.IndexOf('/', StringComparison.Ordinal)])
                .FirstOrDefault()
            : null;

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

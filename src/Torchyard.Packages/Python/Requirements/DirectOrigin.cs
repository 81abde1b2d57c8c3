using System.Text.Json;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>
/// Where a distribution was installed from when it was no index (packaging.python.org, "Recording the Direct URL Origin of installed
/// distributions"). Whoever installs writes it, so it is a stranger's.
/// </summary>
/// <param name="Reference">URL of a requirement, <c>git+https://host/repository@COMMIT</c>; null where no recipe could name it.</param>
/// <param name="Why">Why not; null where it can be named.</param>
public sealed record DirectOrigin(string? Reference, string? Why)
{
    /// <summary>One that cannot be read.</summary>
    public static DirectOrigin Unknown { get; } = new(null, "where it was installed from cannot be read");

    /// <summary>Reads a <c>direct_url.json</c>.</summary>
    public static DirectOrigin Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 8 });
            var root = document.RootElement;
            if (Text(root, "url") is not { } url || url.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter)))
            {
                return Unknown;
            }

            if (Table(root, "dir_info") is { } directory)
            {
                return directory.TryGetProperty("editable", out var editable) && editable.ValueKind == JsonValueKind.True
                    ? new DirectOrigin(null, "an editable install of a directory, which changes unseen")
                    : new DirectOrigin(null, "it was built from a directory, which changes unseen: make a wheel or an archive of it");
            }

            if (!UrlText.TryRead(url, out var read) || read.Scheme is not ("https" or "http" or "ssh"))
            {
                return new DirectOrigin(null, "it was installed from a file of the environment: put the file into the project and name it");
            }

            var subdirectory = Text(root, "subdirectory") is { Length: > 0 } below ? $"#subdirectory={below}" : "";
            if (UrlText.HoldsSecret(url + subdirectory))
            {
                return new DirectOrigin(
                    null,
                    "it was installed from a URL with a password or token, and recipes are shared: name it as NAME @ "
                        + "https://USER:${VARIABLE}@HOST/..., or without the login and keep that in ~/.netrc"
                );
            }

            if (Table(root, "vcs_info") is not { } vcs)
            {
                return new DirectOrigin(url + subdirectory, null);
            }

            return Text(vcs, "vcs") == "git" && Text(vcs, "commit_id") is { Length: > 0 } commit && commit.All(char.IsAsciiHexDigit)
                ? new DirectOrigin($"git+{url}@{commit}{subdirectory}", null)
                : new DirectOrigin(null, "it comes from a repository that is not one of Git");
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a character, "\ud800", which is JSON and no text.
            return Unknown;
        }
    }

    private static string? Text(JsonElement table, string key) =>
        table.ValueKind == JsonValueKind.Object && table.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static JsonElement? Table(JsonElement table, string key) =>
        table.ValueKind == JsonValueKind.Object && table.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Object
            ? value
            : null;
}

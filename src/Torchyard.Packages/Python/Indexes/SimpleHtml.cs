using System.Net;
using System.Text;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Python.Indexes;

/// <summary>
/// A project page in HTML (PEP 503, with PEP 592, 658 and 714). Only anchors and the base element mean anything, so this reads tags and
/// their attributes by HTML's tokenising rules and nothing else.
/// </summary>
internal static class SimpleHtml
{
    /// <exception cref="InvalidDataException">It is of an unknown API version.</exception>
    public static ProjectPage Parse(ReadOnlySpan<byte> content, string name, Uri page)
    {
        var text = Encoding.UTF8.GetString(content);
        var files = new List<ProjectFile>();
        var root = page;
        var at = 0;
        var attributes = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while ((at = text.IndexOf('<', at)) >= 0)
        {
            if (text.AsSpan(at).StartsWith("<!--", StringComparison.Ordinal))
            {
                var end = text.IndexOf("-->", at, StringComparison.Ordinal);
                at = end < 0 ? text.Length : end + 3;
                continue;
            }

            at = ReadTag(text, at + 1, attributes, out var tag);
            if (tag.Equals("base", StringComparison.OrdinalIgnoreCase) && attributes.TryGetValue("href", out var href))
            {
                root = UrlText.TryRead(page, href, out var given) ? given : root;
            }
            else if (
                tag.Equals("meta", StringComparison.OrdinalIgnoreCase)
                && attributes.GetValueOrDefault("name") == "pypi:repository-version"
                && attributes.GetValueOrDefault("content") is { } version
                && !version.StartsWith("1.", StringComparison.Ordinal)
            )
            {
                throw new InvalidDataException($"it has the API version '{version}', known is 1.x");
            }
            else if (tag.Equals("a", StringComparison.OrdinalIgnoreCase) && ReadFile(attributes, root) is { } file)
            {
                files.Add(file);
            }
        }

        return new ProjectPage(name, page, files);
    }

    private static ProjectFile? ReadFile(Dictionary<string, string> attributes, Uri root)
    {
        if (!attributes.TryGetValue("href", out var href) || !UrlText.TryRead(root, href, out var url))
        {
            return null;
        }

        // The anchor's text is the file name by PEP 503, but some indexes shorten it; the path is what everybody goes by.
        var filename = Uri.UnescapeDataString(url.AbsolutePath[(url.AbsolutePath.LastIndexOf('/') + 1)..]);
        if (filename.Length == 0 || !SimpleJson.IsFileName(filename))
        {
            return null;
        }

        if (url.IsFile)
        {
            SimpleJson.RequireRemote(url, filename);
        }

        // A page may have other links, such as mailto:.
        if (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp)
        {
            return null;
        }

        var metadata = attributes.GetValueOrDefault("data-core-metadata") ?? attributes.GetValueOrDefault("data-dist-info-metadata");
        return new ProjectFile
        {
            Filename = filename,
            Url = new UriBuilder(url) { Fragment = "" }.Uri,
            Sha256 = Hash(url.Fragment.TrimStart('#')),
            RequiresPython = attributes.GetValueOrDefault("data-requires-python"),
            Yanked = attributes.GetValueOrDefault("data-yanked"),
            HasMetadata = metadata is not null && metadata != "false",
            MetadataSha256 = Hash(metadata ?? ""),
        };
    }

    internal static Digest? Hash(string text)
    {
        foreach (var part in text.Split('&'))
        {
            if (
                part.StartsWith("sha256=", StringComparison.OrdinalIgnoreCase)
                && Digest.TryParse(part[7..].ToLowerInvariant(), out var digest)
            )
            {
                return digest;
            }
        }

        return null;
    }

    /// <summary>Reads a tag from behind its <c>&lt;</c>; returns the place behind its end.</summary>
    private static int ReadTag(string text, int at, Dictionary<string, string> attributes, out string tag)
    {
        attributes.Clear();
        var start = at;
        while (at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] is not ('>' or '/'))
        {
            at++;
        }

        tag = text[start..at];
        while (at < text.Length && text[at] != '>')
        {
            if (char.IsWhiteSpace(text[at]) || text[at] == '/')
            {
                at++;
                continue;
            }

            var nameStart = at;
            while (at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] is not ('=' or '>' or '/'))
            {
                at++;
            }

            var name = text[nameStart..at];
            at = SkipSpace(text, at);
            var value = "";
            if (at < text.Length && text[at] == '=')
            {
                at = ReadValue(text, SkipSpace(text, at + 1), out value);
            }

            attributes.TryAdd(name, WebUtility.HtmlDecode(value));
            if (at == nameStart)
            {
                at++;
            }
        }

        return Math.Min(at + 1, text.Length);
    }

    private static int ReadValue(string text, int at, out string value)
    {
        if (at < text.Length && text[at] is '"' or '\'')
        {
            var end = text.IndexOf(text[at], at + 1);
            end = end < 0 ? text.Length : end;
            value = text[(at + 1)..end];
            return Math.Min(end + 1, text.Length);
        }

        var start = at;
        while (at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] != '>')
        {
            at++;
        }

        value = text[start..at];
        return at;
    }

    private static int SkipSpace(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return at;
    }
}

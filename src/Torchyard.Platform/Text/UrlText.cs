#pragma warning disable RS0030 // The only place that reads addresses: everything else goes through it.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Torchyard.Platform.Text;

/// <summary>
/// Reads addresses that recipes, requirement files, locks and servers give. An address with characters that nobody
/// sees (control characters, marks of writing direction, tags) is refused: it looks like another one, and <see cref="Uri"/> fails on some
/// of them only when it is asked for its parts.
/// </summary>
public static partial class UrlText
{
    /// <summary>What stands where a secret stood.</summary>
    public const string Hidden = "***";

    // Of a query's value whose name says nothing of a secret: what people write is shorter, or has a separator.
    private const int ShortestToken = 20;

    /// <summary>Reads an absolute address; white space around it does not count.</summary>
    /// <param name="text">The text, or null.</param>
    /// <param name="url">The address.</param>
    public static bool TryRead([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Uri? url)
    {
        url = null;
        return IsVisible(text) && Uri.TryCreate(text, UriKind.Absolute, out url);
    }

    /// <summary>The same for one that may be relative to another.</summary>
    /// <param name="root">Where the text was found.</param>
    /// <param name="text">The text, or null.</param>
    /// <param name="url">The address.</param>
    public static bool TryRead(Uri root, [NotNullWhen(true)] string? text, [NotNullWhen(true)] out Uri? url)
    {
        url = null;
        return IsVisible(text) && Uri.TryCreate(root, text, out url);
    }

    /// <summary>The address of a path on the server of another address, whatever the path is: it cannot name another server.</summary>
    /// <param name="root">An absolute address; its path ends with a slash, or its last part is replaced.</param>
    /// <param name="path">The path below, and a query if need be; what others wrote in it is escaped.</param>
    public static Uri At(Uri root, string path) => new(root, "./" + path);

    /// <summary>
    /// True when an address anywhere in a text holds what opens it: a user or password before the host, a token in the query, in the
    /// fragment or in the path of a channel; also for the tokens of well-known services wherever they stand. A <c>${VARIABLE}</c> is no
    /// secret, and neither are <c>git@</c> and the user of ssh, which are parts of an address.
    /// </summary>
    public static bool HoldsSecret(string text) => WithoutSecrets(text) != text;

    /// <summary>A text for recipes, reports and errors, with <see cref="Hidden"/> for each secret that it holds.</summary>
    public static string WithoutSecrets(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var shown = text.Contains(':', StringComparison.Ordinal) ? Address().Replace(text, Shown) : text;
        return KnownToken().Replace(shown, Hidden);
    }

    private static string Shown(Match address)
    {
        var (scheme, rest) = (address.Groups["scheme"].Value.ToLowerInvariant(), address.Groups["rest"].Value);
        var start = address.Value[..^rest.Length];
        if (scheme == "file" || scheme.EndsWith("+file", StringComparison.Ordinal))
        {
            return address.Value;
        }

        var end = rest.AsSpan().IndexOfAny("/\\?#") is >= 0 and var found ? found : rest.Length;
        var (authority, tail) = (rest[..end], rest[end..]);
        if (authority.LastIndexOf('@') is >= 0 and var at)
        {
            authority = IsSecretLogin(authority[..at], scheme) ? Hidden + authority[at..] : authority;
        }
        else if (HasNoPort(authority) && tail.LastIndexOf('@') is >= 0 and var late)
        {
            // A password with a slash in it, which nobody encoded.
            (authority, tail) = (Hidden, tail[late..]);
        }

        return start + authority + Value().Replace(ChannelToken().Replace(tail, $"/t/{Hidden}"), ShownValue);
    }

    private static string ShownValue(Match value)
    {
        var (name, given) = (value.Groups["name"].Value, value.Groups["value"]);
        var isLong = (given.Success ? given.Value : name).AsSpan() is { Length: >= ShortestToken } text && !text.ContainsAny("/:,+.");
        return !given.Success
            ? isLong && value.Groups["mark"].Value != "#"
                ? value.Groups["mark"].Value + Hidden
                : value.Value
            : given.Length == 0 || IsHash().IsMatch(name) || Variables().IsMatch(given.Value) || !(isLong || SecretName().IsMatch(name))
                ? value.Value
                : $"{value.Groups["mark"].Value}{name}={Hidden}";
    }

    private static bool IsSecretLogin(string login, string scheme)
    {
        var parts = login.Split(':', 2);
        return parts is [_, { Length: > 0 } password]
            ? !Variables().IsMatch(password)
            : parts[0] is not ("" or "git")
                && !Variables().IsMatch(parts[0])
                && scheme != "ssh"
                && !scheme.EndsWith("+ssh", StringComparison.Ordinal);
    }

    private static bool HasNoPort(string authority) =>
        !authority.Contains('[', StringComparison.Ordinal)
        && authority.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon
        && authority.AsSpan(colon + 1).ContainsAnyExceptInRange('0', '9')
        && !Variables().IsMatch(authority[(colon + 1)..]);

    private static bool IsVisible([NotNullWhen(true)] string? text)
    {
        if (text is null)
        {
            return false;
        }

        // By whole characters: half of one stands for U+FFFD, and tags (U+E0001 and on) are made of two halves.
        foreach (var character in text.AsSpan().Trim().EnumerateRunes())
        {
            if (
                character == Rune.ReplacementChar
                || Rune.GetUnicodeCategory(character)
                    is UnicodeCategory.Control
                        or UnicodeCategory.Format
                        or UnicodeCategory.LineSeparator
                        or UnicodeCategory.ParagraphSeparator
            )
            {
                return false;
            }
        }

        return true;
    }

    // To the next blank or the next address.
    [GeneratedRegex(
        @"(?<scheme>[a-z][a-z0-9+.-]{0,20})?:[/\\]{2,4}(?<rest>(?:(?!:[/\\]{2})\S)*)",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex Address();

    [GeneratedRegex("(?<mark>[?&;#])(?<name>[^?&;#=]*)(?:=(?<value>[^&;#]*))?", RegexOptions.CultureInvariant)]
    private static partial Regex Value();

    [GeneratedRegex(
        "token|secret|passw|pwd|auth|key|sig|credential|session|jwt|login",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex SecretName();

    [GeneratedRegex(@"\A(sha\d{1,3}|md5|egg|subdirectory)\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex IsHash();

    [GeneratedRegex(@"\A(\$\{[A-Za-z_][A-Za-z0-9_]*\})+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Variables();

    // conda's channels (docs.anaconda.com, "Token-based channels").
    [GeneratedRegex(@"/t/[^/\s?#]+", RegexOptions.CultureInvariant)]
    private static partial Regex ChannelToken();

    // GitHub, GitLab, Hugging Face, PyPI, AWS, Slack: each publishes the prefix so that scanners find what leaked.
    [GeneratedRegex(
        @"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{20,}"
            + @"|pypi-AgE[A-Za-z0-9_-]{16,}|AKIA[0-9A-Z]{16}|xox[abprs]-[A-Za-z0-9-]{10,})",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex KnownToken();
}

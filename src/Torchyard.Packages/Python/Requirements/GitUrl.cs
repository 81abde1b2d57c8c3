using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>
/// Reads version control URLs as pip does (pip documentation, "VCS Support"): <c>git+https://host/repository@revision#subdirectory=dir</c>.
/// What it lets through can neither be taken for an option of git nor lead to a transport that runs programs.
/// </summary>
internal static class GitUrl
{
    private const string Prefix = "git+";

    /// <summary>True when the text is a version control URL, of Git or another system.</summary>
    public static bool IsVersionControl(string text) =>
        text.StartsWith(Prefix, StringComparison.Ordinal)
        || text.StartsWith("hg+", StringComparison.Ordinal)
        || text.StartsWith("svn+", StringComparison.Ordinal)
        || text.StartsWith("bzr+", StringComparison.Ordinal)
        || text.StartsWith("git://", StringComparison.Ordinal);

    /// <summary>Reads a URL.</summary>
    /// <param name="text">The URL with its prefix, revision and fragment.</param>
    /// <param name="place">Where it is written.</param>
    /// <exception cref="TorchyardException">TY2514: it is not one that may be fetched.</exception>
    public static SourceReference Parse(string text, SourceLocation? place)
    {
        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            throw RequirementProblem.VersionControl(place, text, "only Git is followed");
        }

        var fragmentAt = text.IndexOf('#', StringComparison.Ordinal);
        var fragment = fragmentAt < 0 ? "" : text[(fragmentAt + 1)..];
        var address = text[Prefix.Length..(fragmentAt < 0 ? text.Length : fragmentAt)];
        var pathAt = address.IndexOf("://", StringComparison.Ordinal);
        pathAt = pathAt < 0 ? -1 : address.IndexOf('/', pathAt + 3);
        if (pathAt < 0)
        {
            throw RequirementProblem.VersionControl(place, text, "it names no repository");
        }

        string? revision = null;
        var at = address.LastIndexOf('@');
        if (at > pathAt)
        {
            revision = Uri.UnescapeDataString(address[(at + 1)..]);
            address = address[..at];
        }

        if (!UrlText.TryRead(address, out var url) || Why(url) is { } bad && bad.Length > 0)
        {
            throw RequirementProblem.VersionControl(place, text, url is null ? "it is not a URL" : Why(url)!);
        }

        if (revision is not null && !IsRevision(revision))
        {
            throw RequirementProblem.VersionControl(place, text, $"'{revision}' is not the name of a branch, tag or commit");
        }

        return new SourceReference
        {
            Url = url,
            Revision = revision,
            Subdirectory = Subdirectory(fragment, text, place),
        };
    }

    /// <summary><c>subdirectory=</c> of a fragment; null when it has none.</summary>
    /// <exception cref="TorchyardException">TY2512: it leads out of the source.</exception>
    public static string? Subdirectory(string fragment, string text, SourceLocation? place)
    {
        foreach (var part in fragment.TrimStart('#').Split('&'))
        {
            if (part.StartsWith("subdirectory=", StringComparison.Ordinal))
            {
                var directory = Uri.UnescapeDataString(part["subdirectory=".Length..]).Trim('/');
                return
                    directory.Length > 0
                    && directory.Split('/').All(name => name.Length > 0 && name is not ("." or "..") && !name.Any(char.IsControl))
                    ? directory
                    : throw RequirementProblem.Wrong(
                        place,
                        $"the subdirectory of '{text}' is not a path inside the source",
                        "write it as #subdirectory=some/directory"
                    );
            }
        }

        return null;
    }

    /// <summary>Why a repository may not be fetched; null when it may.</summary>
    public static string? Why(Uri url)
    {
        var path = url.IsFile ? url.LocalPath : Uri.UnescapeDataString(url.AbsolutePath);
        return url.Scheme switch
        {
            "https" or "http" or "ssh" when url.Host.Length == 0 || url.Host.StartsWith('-') => "it names no host",
            "ssh" when url.UserInfo.StartsWith('-') => "its user begins with '-'",
            "file" when url.Host.Length > 0 => "its file is on another host",
            "https"
            or "http"
            or "ssh"
            or "file" when path.Length < 2 || path.Any(char.IsControl) || path.StartsWith("/-", StringComparison.Ordinal) =>
                "it names no repository",
            "https" or "http" or "ssh" or "file" => null,
            _ => $"Git over '{url.Scheme}' is not followed; https, ssh and file are",
        };
    }

    /// <summary>True for what can only be the name of a branch, tag or commit (git-check-ref-format(1)), and no option.</summary>
    public static bool IsRevision(string text) =>
        text.Length is > 0 and <= 255
        && text[0] is not ('-' or '/' or '.')
        && text[^1] is not ('/' or '.')
        && !text.Any(c => char.IsControl(c) || c is ' ' or '~' or '^' or ':' or '?' or '*' or '[' or '\\')
        && !text.Contains("..", StringComparison.Ordinal)
        && !text.Contains("@{", StringComparison.Ordinal)
        && !text.Contains("//", StringComparison.Ordinal)
        && text != "@"
        && !text.EndsWith(".lock", StringComparison.Ordinal);

    /// <summary>True for the full hash of a commit.</summary>
    public static bool IsCommit(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigitLower);
}

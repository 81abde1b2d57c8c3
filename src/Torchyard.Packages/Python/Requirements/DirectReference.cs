using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Names;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>Requirements that name a file, an archive or a repository in the place of a version.</summary>
internal static class DirectReference
{
    // pip/_internal/utils/filetypes.py: what is a path by its end.
    private static readonly string[] Archives =
    [
        ".zip",
        ".whl",
        ".tar.bz2",
        ".tbz",
        ".tar.gz",
        ".tgz",
        ".tar",
        ".tar.xz",
        ".txz",
        ".tlz",
        ".tar.lz",
        ".tar.lzma",
    ];

    private static readonly string[] Schemes = ["http", "https", "file", "ftp"];

    /// <summary>The scheme of a URL as pip tells one, in lower case; null for what is none.</summary>
    public static string? Scheme(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var scheme = colon > 0 ? text[..colon].ToLowerInvariant() : "";
        // RFC 3986: nothing else may be in it.
        return scheme.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('+' or '-' or '.')) ? null
            : Schemes.Contains(scheme)
            || GitUrl.IsVersionControl(text[..Math.Max(colon, 0)].ToLowerInvariant() + ":")
            || GitUrl.IsVersionControl(text)
                ? scheme
            : null;
    }

    /// <summary>True for a name that ends as an archive or wheel does.</summary>
    public static bool IsArchive(string path) => Archives.Any(end => path.EndsWith(end, StringComparison.OrdinalIgnoreCase));

    /// <summary>True for what can only be a path.</summary>
    public static bool LooksLikePath(string text) => text.Contains('/', StringComparison.Ordinal) || text.StartsWith('.');

    /// <summary>Takes extras from the end of a path: <c>./x.whl[gpu]</c>.</summary>
    public static (string Path, IReadOnlyList<string> Extras) SplitExtras(string text, SourceLocation? place)
    {
        var open = text.EndsWith(']') ? text.LastIndexOf('[') : -1;
        if (open <= 0 || open + 2 == text.Length)
        {
            return (text, []);
        }

        return Requirement.TryParse("x" + text[open..], out var extras, out _)
            ? (text[..open], extras.Extras)
            : throw RequirementProblem.Wrong(place, $"'{text[open..]}' are not extras", "write them as [one,two]");
    }

    /// <summary>A file of this machine.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="written">As the user wrote it, for messages.</param>
    /// <param name="kept">As the lock keeps it, from the recipe's directory.</param>
    /// <param name="isUnread">True when nobody allowed yet to look at it.</param>
    /// <param name="requirement">What asks for it; null for the file alone.</param>
    /// <param name="hashes">Hashes that it may have.</param>
    /// <param name="place">Where it is written.</param>
    /// <exception cref="TorchyardException">TY2512, TY2530.</exception>
    public static RequirementLine OfFile(
        string path,
        string written,
        string kept,
        bool isUnread,
        Requirement? requirement,
        List<Digest> hashes,
        SourceLocation? place
    )
    {
        var isArchive = LockedSource.IsArchiveName(path);
        if (!isArchive && !WheelFileName.TryParse(Path.GetFileName(path), out _))
        {
            throw Directory.Exists(path)
                ? RequirementProblem.Refused(
                    place,
                    $"'{written}' is a directory, which changes unseen, so it cannot be locked",
                    "make an archive of it (python -m build --sdist, git archive) and name that, or git+file:///DIRECTORY"
                )
            : path.EndsWith(".whl", StringComparison.OrdinalIgnoreCase)
                ? RequirementProblem.Wrong(
                    place,
                    $"'{Path.GetFileName(path)}' is not the name of a wheel",
                    "give it its name back: NAME-VERSION-PYTHON-ABI-PLATFORM.whl"
                )
            : IsArchive(path)
                ? RequirementProblem.Refused(
                    place,
                    $"'{written}' is an archive of a kind that is not read",
                    "give a .whl, .tar.gz, .tar.xz or .zip of it"
                )
            : RequirementProblem.Wrong(
                place,
                $"'{written}' is neither a wheel nor a source archive (.tar.gz, .zip)",
                "name a .whl, .tar.gz or .zip file"
            );
        }

        if (!isUnread && !File.Exists(path))
        {
            throw RequirementProblem.Wrong(
                place,
                $"there is no file '{written}'",
                "correct the path; it is relative to the recipe, or to the file that names it"
            );
        }

        return isArchive
            ? new RequirementLine
            {
                Requirement = requirement,
                Source = new SourceReference
                {
                    Url = new Uri(path),
                    Filename = Path.GetFileName(path),
                    Path = kept,
                    Sha256 = OneOf(hashes),
                },
                Hashes = hashes,
                Place = place,
            }
            : new RequirementLine
            {
                Requirement = requirement,
                LocalWheel = path,
                WrittenPath = kept,
                Hashes = hashes,
                Place = place,
            };
    }

    /// <summary>A requirement by URL: of a wheel, of a source archive, or of a repository.</summary>
    /// <exception cref="TorchyardException">TY2512, TY2514, TY2530.</exception>
    public static RequirementLine OfUrl(string text, Requirement? requirement, List<Digest> hashes, SourceLocation? place)
    {
        if (text.Any(char.IsWhiteSpace))
        {
            throw RequirementProblem.Refused(
                place,
                $"there is white space in the URL '{text}'",
                "write a blank as %20, and '; ' before a marker"
            );
        }

        var isRepository = GitUrl.IsVersionControl(text);
        var filename =
            !isRepository && UrlText.TryRead(text, out var url) && url.Scheme is "https" or "http" or "file"
                ? Uri.UnescapeDataString(url.Segments[^1])
                : "";
        var isWheel = WheelFileName.TryParse(filename, out _);
        if (!isWheel && requirement is null)
        {
            requirement = Egg(text, place);
        }

        if (isRepository)
        {
            return hashes.Count == 0
                ? new RequirementLine
                {
                    Requirement = requirement,
                    Source = GitUrl.Parse(text, place),
                    Place = place,
                }
                : throw RequirementProblem.Refused(
                    place,
                    "a repository has no hash",
                    "name the commit by its full hash: git+https://host/repository@COMMIT"
                );
        }

        if (!isWheel && (!LockedSource.IsArchiveName(filename) || filename.Contains('/')))
        {
            throw RequirementProblem.Refused(
                place,
                $"'{text}' is the URL of neither a wheel nor a source archive",
                filename.EndsWith(".tar.bz2", StringComparison.OrdinalIgnoreCase)
                    ? "bzip2 is not read: give a .tar.gz or .zip of it"
                    : "give the URL of a .whl, .tar.gz or .zip file, or git+https://… for a repository"
            );
        }

        url = new Uri(text);
        AddHashes(url.Fragment, hashes, place);
        return isWheel
            ? new RequirementLine
            {
                Requirement = requirement,
                Url = url,
                Hashes = hashes,
                Place = place,
            }
            : new RequirementLine
            {
                Requirement = requirement,
                Source = new SourceReference
                {
                    Url = url,
                    Filename = filename,
                    Sha256 = OneOf(hashes),
                    Subdirectory = GitUrl.Subdirectory(url.Fragment, text, place),
                },
                Hashes = hashes,
                Place = place,
            };
    }

    /// <summary>Adds the <c>sha256=</c> of a URL's fragment.</summary>
    /// <exception cref="TorchyardException">TY2512: it is none.</exception>
    public static void AddHashes(string fragment, List<Digest> hashes, SourceLocation? place)
    {
        foreach (var part in fragment.TrimStart('#').Split('&'))
        {
            if (part.StartsWith("sha256=", StringComparison.Ordinal))
            {
                hashes.Add(
                    Digest.TryParse(part[7..].ToLowerInvariant(), out var digest)
                        ? digest
                        : throw RequirementProblem.Wrong(place, $"'{part}' is not a SHA-256", "write #sha256= and 64 hexadecimal digits")
                );
            }
        }
    }

    /// <summary><c>#egg=name[extras]</c>, by which URLs were named before <c>name @ URL</c>; null when there is none.</summary>
    private static Requirement? Egg(string text, SourceLocation? place)
    {
        var parts = text.Split('#', 2);
        foreach (var part in parts.Length < 2 ? [] : parts[1].Split('&'))
        {
            if (part.StartsWith("egg=", StringComparison.Ordinal))
            {
                return
                    Requirement.TryParse(Uri.UnescapeDataString(part[4..]), out var egg, out _)
                    && egg is { Versions.Clauses.Count: 0, Url: null, Marker: null }
                    ? egg
                    : throw RequirementProblem.Refused(
                        place,
                        $"'{part}' is not the name of a distribution",
                        $"write it as NAME @ {parts[0]}"
                    );
            }
        }

        return null;
    }

    private static Digest? OneOf(List<Digest> hashes) => hashes.Count == 1 ? hashes[0] : null;
}

using Torchyard.Packages.Debian.Apt;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Settings;

namespace Torchyard.Packages.Debian.Archives;

/// <summary>
/// The roots of Debian's archives and their mirrors: the recipe's first, then those that the machine's apt uses for the same archive, then
/// Debian's own.
/// </summary>
internal sealed class ArchiveRoots(DebianBase recipe, MachineApt machine)
{
    /// <summary>Debian's own mirror network.</summary>
    public const string Main = "http://deb.debian.org/debian";

    /// <summary>Debian's own security archive.</summary>
    public const string Security = "http://deb.debian.org/debian-security";

    private static readonly string[] Releases =
    [
        "stable",
        "oldstable",
        "testing",
        "unstable",
        "sid",
        "experimental",
        "buster",
        "bullseye",
        "bookworm",
        "trixie",
        "forky",
        "duke",
    ];

    /// <summary>Root of an archive as the lock names it.</summary>
    public string Canonical(bool security) =>
        recipe.Snapshot is { } snapshot
            ? $"http://snapshot.debian.org/archive/{(security ? "debian-security" : "debian")}/{CheckedStamp(snapshot)}"
        : security ? Security
        : Main;

    /// <summary>True when a canonical root is the security archive.</summary>
    public static bool IsSecurity(string canonical) => canonical.Contains("debian-security", StringComparison.Ordinal);

    /// <summary>Roots to try for an archive, in order, without repeats.</summary>
    /// <param name="canonical">Root as the lock names it.</param>
    /// <param name="notes">Gets what was left out, in words.</param>
    public IReadOnlyList<Uri> MirrorsOf(string canonical, ICollection<string> notes)
    {
        var found = new List<Uri>();
        if (!canonical.Contains("snapshot.debian.org", StringComparison.Ordinal))
        {
            var security = IsSecurity(canonical);
            foreach (var mirror in recipe.Mirrors.Where(mirror => LooksLikeSecurity(mirror) == security))
            {
                Add(found, mirror, notes, isRecipe: true);
            }

            if (found.Count > 0)
            {
                // A recipe that names mirrors means these and no others.
                return found;
            }

            foreach (var source in SourcesOf(security))
            {
                Add(found, source.Uri, notes, isRecipe: false);
            }
        }

        Add(found, canonical, notes, isRecipe: false);
        return found;
    }

    /// <summary>The machine's sources that mirror Debian's main or security archive.</summary>
    public IEnumerable<AptSource> SourcesOf(bool security) => machine.Sources.Where(source => Kind(source) == security);

    // null: another vendor's archive.
    private bool? Kind(AptSource source)
    {
        if (machine.KnownOrigin(source) is { } known && known.Origin.Length > 0)
        {
            return known.Origin != "Debian"
                ? null
                : known.Label switch
                {
                    "Debian" => false,
                    "Debian-Security" => true,
                    _ => null,
                };
        }

        var release = source.Suite.Split('-', '/')[0];
        if (!Releases.Contains(release) || !source.Components.Contains("main"))
        {
            return null;
        }

        if (source.Suite.EndsWith("-security", StringComparison.Ordinal) || LooksLikeSecurity(source.Uri))
        {
            return true;
        }

        var isDebian =
            source.Uri.EndsWith("/debian", StringComparison.Ordinal)
            || source.SignedBy.Any(keyring => keyring.Contains("debian-archive", StringComparison.Ordinal));
        return isDebian ? false : null;
    }

    private static bool LooksLikeSecurity(string uri) =>
        uri.TrimEnd('/').EndsWith("debian-security", StringComparison.Ordinal)
        || uri.Contains("//security.debian.org", StringComparison.Ordinal);

    private void Add(List<Uri> found, string text, ICollection<string> notes, bool isRecipe)
    {
        if (text.StartsWith("mirror", StringComparison.Ordinal))
        {
            foreach (var listed in FromMirrorList(text, notes))
            {
                Add(found, listed, notes, isRecipe);
            }

            return;
        }

        if (!UrlText.TryRead(text.TrimEnd('/') + "/", out var uri) || uri.Scheme is not ("http" or "https" or "file" or "copy"))
        {
            if (isRecipe)
            {
                throw new TorchyardException(
                    "TY2012",
                    $"the mirror '{text}' cannot be used",
                    "write http://, https:// or file:/ and the archive's root, e.g. http://ftp.de.debian.org/debian"
                )
                {
                    IsUsage = true,
                };
            }

            notes.Add($"the apt source {text} is not used: its kind of address is not supported");
            return;
        }

        if (uri.Scheme == "copy")
        {
            uri = new Uri("file:" + uri.AbsolutePath);
        }

        if (!found.Contains(uri))
        {
            found.Add(uri);
        }
    }

    // mirror+file:/etc/apt/mirrors/debian.list (apt-transport-mirror(1)): one URI a line, then options.
    private List<string> FromMirrorList(string text, ICollection<string> notes)
    {
        if (text.StartsWith("mirror+file:", StringComparison.Ordinal))
        {
            var path = machine.At(text["mirror+file:".Length..].TrimStart('/'));
            try
            {
                return File.ReadLines(path)
                    .Take(1000)
                    .Select(line => line.Split('#')[0].Trim().Split(' ', '\t')[0])
                    .Where(line => line.Length > 0 && !line.StartsWith("mirror", StringComparison.Ordinal))
                    .ToList();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                notes.Add($"the apt source {text} is not used: {error.Message}");
                return [];
            }
        }

        notes.Add($"the apt source {text} is not used: only mirror+file: lists are read; name the mirror in the recipe's base.mirrors");
        return [];
    }

    private static string CheckedStamp(string stamp) =>
        stamp.Length == 16 && stamp[8] == 'T' && stamp[15] == 'Z' && stamp.Where((_, i) => i is not (8 or 15)).All(char.IsAsciiDigit)
            ? stamp
            : throw new TorchyardException(
                "TY2013",
                $"'{stamp}' is not a time stamp of snapshot.debian.org",
                "write base.snapshot like \"20260102T030405Z\""
            )
            {
                IsUsage = true,
            };
}

using System.Text;
using Torchyard.Images.Debian.Packages;

namespace Torchyard.Images.Debian.Unpacking;

/// <summary>
/// The parts of dpkg's database (dpkg(1), "FILES"; deb-triggers(5)) that <c>dpkg --unpack</c> writes beside <c>info/</c>.
/// </summary>
internal static class DpkgDatabase
{
    internal const string Directory = "var/lib/dpkg";

    /// <summary>Paragraphs for <c>status</c> of packages that are unpacked and not configured.</summary>
    internal static string UnpackedStatus(IEnumerable<UnpackedPackage> packages)
    {
        var status = new StringBuilder();
        foreach (var package in packages)
        {
            foreach (var (name, value) in package.Control.Fields)
            {
                status.Append(name).Append(": ").Append(value).Append('\n');
                if (name.Equals("Package", StringComparison.OrdinalIgnoreCase))
                {
                    status.Append("Status: install ok unpacked\n");
                }
            }

            // Of a conffile that goes at the next upgrade, dpkg notes that there is none yet; packages name these first.
            var conffiles = PackageUnpacker
                .RemovedConffiles(package.ControlFiles)
                .Select(path => (Path: path, Note: "newconffile remove-on-upgrade"))
                .Concat(
                    package
                        .ConffileHashes.OrderBy(pair => pair.Key, StringComparer.Ordinal)
                        .Select(pair => (Path: pair.Key, Note: pair.Value))
                )
                .ToList();
            if (conffiles.Count > 0)
            {
                status.Append("Conffiles:\n");
                foreach (var (path, note) in conffiles)
                {
                    status.Append(' ').Append(path).Append(' ').Append(note).Append('\n');
                }
            }

            status.Append('\n');
        }

        return status.ToString();
    }

    /// <summary>Marks a conffile of a package as <c>obsolete</c> in a <c>status</c> text: another package has taken it over.</summary>
    /// <param name="status">The text.</param>
    /// <param name="package">Whose conffile.</param>
    /// <param name="path">Its absolute path.</param>
    /// <param name="hash">The hash that dpkg notes for it; null to keep the one that is there.</param>
    internal static string MarkObsolete(string status, string package, string path, string? hash = null)
    {
        var lines = status.Split('\n');
        var inside = false;
        for (var index = 0; index < lines.Length; index++)
        {
            if (lines[index].StartsWith("Package: ", StringComparison.Ordinal))
            {
                inside = lines[index]["Package: ".Length..] == package;
            }
            else if (
                inside
                && lines[index].StartsWith($" {path} ", StringComparison.Ordinal)
                && !lines[index].EndsWith(" obsolete", StringComparison.Ordinal)
            )
            {
                lines[index] = (hash is null ? lines[index] : $" {path} {hash}") + " obsolete";
            }
        }

        return string.Join('\n', lines);
    }

    /// <summary>A <c>status</c> text without the paragraph of a package.</summary>
    internal static string Without(string status, string package)
    {
        var paragraphs = status
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Where(paragraph => !paragraph.Split('\n').Contains($"Package: {package}", StringComparer.Ordinal));
        return string.Concat(paragraphs.Select(paragraph => paragraph.Trim('\n') + "\n\n"));
    }

    /// <summary>A package's interest in a trigger.</summary>
    /// <param name="Trigger">Path or name.</param>
    /// <param name="Package">The interested package, as dpkg names it in its trigger files.</param>
    /// <param name="NoAwait">True when the activating package does not wait.</param>
    internal sealed record Interest(string Trigger, string Package, bool NoAwait)
    {
        internal bool IsFile => Trigger.StartsWith('/');

        internal string Line => NoAwait ? Package + "/noawait" : Package;
    }

    /// <summary>Interests that a package's <c>triggers</c> file declares.</summary>
    internal static IEnumerable<Interest> Interests(UnpackedPackage package)
    {
        if (!package.ControlFiles.TryGetValue("triggers", out var file))
        {
            yield break;
        }

        foreach (var line in file.Text.Split('\n'))
        {
            var text = line.AsSpan();
            var words = (text.IndexOf('#') is var comment and >= 0 ? line[..comment] : line).Split(
                (char[]?)null,
                StringSplitOptions.RemoveEmptyEntries
            );
            if (words is [var directive, var trigger, ..] && directive.StartsWith("interest", StringComparison.Ordinal))
            {
                yield return new Interest(trigger, package.InfoName, directive == "interest-noawait");
            }
        }
    }

    /// <summary>Reads <c>triggers/File</c>.</summary>
    internal static IEnumerable<Interest> ParseFileInterests(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var space = line.LastIndexOf(' ');
            if (space > 0)
            {
                var package = line[(space + 1)..];
                var noAwait = package.EndsWith("/noawait", StringComparison.Ordinal);
                yield return new Interest(line[..space], noAwait ? package[..^8] : package, noAwait);
            }
        }
    }

    /// <summary>Packages of a <c>status</c> text whose state is anything but "install ok installed".</summary>
    internal static IEnumerable<string> Unfinished(string status)
    {
        var package = "";
        foreach (var line in status.Split('\n'))
        {
            if (line.StartsWith("Package: ", StringComparison.Ordinal))
            {
                package = line[9..];
            }
            else if (line.StartsWith("Status: ", StringComparison.Ordinal) && line != "Status: install ok installed")
            {
                yield return $"{package} ({line[8..]})";
            }
        }
    }
}

using Torchyard.Packages.Python.Markers;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>Reads one requirement as pip does: a name with versions, a URL, a path, each with its marker, extras and options.</summary>
/// <param name="directory">Directory that paths are relative to: that of the recipe.</param>
/// <param name="text">Knows which files somebody allowed.</param>
internal sealed class RequirementLineReader(string directory, RequirementFileText text)
{
    /// <summary>What gives the text of files.</summary>
    public RequirementFileText Files => text;

    /// <summary>Reads a requirement.</summary>
    /// <param name="line">The line.</param>
    /// <param name="file">The file that has it.</param>
    /// <param name="options">Options behind it.</param>
    /// <exception cref="TorchyardException">TY2512, TY2514, TY2530, TY2531, TY2535.</exception>
    public RequirementLine Read(WrittenLine line, RequirementFile file, out IReadOnlyList<WrittenOption> options)
    {
        var start = RequirementOptions.Start(line.Text);
        options = RequirementOptions.Read(line, start);
        var hashes = RequirementHashes.Read(line, options);
        var text = line.Text[..start];
        // ';' may be part of a URL, so that there the marker begins at the first one with a blank after it.
        var separator = DirectReference.Scheme(text) is null ? ";" : "; ";
        var at = text.IndexOf(separator, StringComparison.Ordinal);
        var marker = at < 0 ? null : ReadMarker(line, text, at + separator.Length);
        var named = (at < 0 ? text : text[..at]).Trim();
        var read = ReadNamed(line, named, file, hashes);
        return (
            read.Requirement is null
                ? read with
                {
                    Marker = marker,
                }
                : read with
                {
                    Requirement = read.Requirement with { Marker = marker ?? read.Requirement.Marker },
                }
        ) with
        {
            Place = line.Place,
            Written = text.Trim(),
        };
    }

    private RequirementLine ReadNamed(WrittenLine line, string text, RequirementFile file, List<Digest> hashes)
    {
        var scheme = DirectReference.Scheme(text);
        if (scheme is not null)
        {
            var url = scheme + text[scheme.Length..];
            return scheme == "file" ? OfFileUrl(line, url, null, file, hashes)
                : scheme == "ftp"
                    ? throw RequirementProblem.Refused(
                        line.Place,
                        "ftp is not fetched: anybody on the way can change what it brings",
                        "give an https:// address"
                    )
                : DirectReference.OfUrl(url, null, hashes, line.Place);
        }

        if (text.StartsWith("git://", StringComparison.Ordinal))
        {
            return DirectReference.OfUrl(text, null, hashes, line.Place);
        }

        var (path, extras) =
            text.EndsWith(']')
            && !text.Contains('@')
            && (DirectReference.LooksLikePath(text) || DirectReference.IsArchive(text[..Math.Max(text.LastIndexOf('['), 0)]))
                ? DirectReference.SplitExtras(text, line.Place)
                : (text, []);
        var looksLikePath = DirectReference.LooksLikePath(path);
        if (
            (looksLikePath && !text.Contains('@'))
            || (DirectReference.IsArchive(path) && !text.Contains('@'))
            || (looksLikePath && IsThere(path, file))
        )
        {
            return LocalFile(path, file, null, hashes, line.Place) with { Extras = extras };
        }

        if (!Requirement.TryParse(text, out var requirement, out var error, out var wrong))
        {
            throw RequirementProblem.Wrong(line.At(wrong), $"'{text}' is not a requirement: {error}", Cure(text));
        }

        var read = requirement.Url switch
        {
            null => new RequirementLine { Requirement = requirement, Hashes = hashes },
            var url when url.StartsWith("file:", StringComparison.OrdinalIgnoreCase) => OfFileUrl(line, url, requirement, file, hashes),
            var url => DirectReference.OfUrl(url, requirement, hashes, line.Of(url)),
        };
        return read;
    }

    /// <summary>Says what to write in the place of what is not a requirement.</summary>
    private static string Cure(string text)
    {
        var name = new string([.. text.TakeWhile(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')]);
        var rest = text[name.Length..].Trim();
        return name.Length == 0 ? "write it as name, name==1.2, name>=1,<2, a path or a URL (PEP 508)"
            : rest.StartsWith('#') ? $"write '{name}  {rest}': a comment begins after white space"
            : rest is ['=', ..] and not ['=', '=', ..] ? $"write {name}=={rest[1..].Trim()}"
            : rest.Length > 0 && char.IsAsciiDigit(rest[0]) ? $"write {name}=={rest}"
            : "write it as name, name==1.2, name>=1,<2, a path or a URL (PEP 508)";
    }

    private static Marker? ReadMarker(WrittenLine line, string text, int at)
    {
        var first = PythonText.SkipSpace(text, at);
        if (first == text.Length)
        {
            return null;
        }

        if (!Marker.TryParse(text[first..].TrimEnd(), out var marker, out var error, out var wrong))
        {
            throw RequirementProblem.Wrong(
                line.At(first + wrong),
                $"'{text.Trim()}' is not a requirement: in the marker, {error}",
                "write a marker as python_version >= \"3.10\" and sys_platform == \"linux\" (PEP 508)"
            );
        }

        if (!marker.AsksForKernel)
        {
            return marker;
        }

        var known = marker.OnLinux();
        return known.AsksForKernel
            ? throw RequirementProblem.Of(
                "TY2535",
                line.At(first),
                $"the marker '{marker}' asks for the kernel of the machine that locks, and the image runs on others",
                "remove platform_release and platform_version from it, or make it two lines of which the recipe names one"
            )
            : known;
    }

    private RequirementLine OfFileUrl(WrittenLine line, string text, Requirement? requirement, RequirementFile file, List<Digest> hashes)
    {
        var place = line.Of(text);
        if (!UrlText.TryRead(text, out var url) || !url.IsFile || url.Host.Length > 0)
        {
            throw RequirementProblem.Wrong(place, $"'{text}' is not the URL of a file", "write it as file:///DIRECTORY/FILE, or as a path");
        }

        DirectReference.AddHashes(url.Fragment, hashes, place);
        return LocalFile(url.LocalPath, file, requirement, hashes, place);
    }

    /// <summary>
    /// A path, which pip takes from the directory where it runs: that of the recipe. What is not there may be beside the file that names
    /// it.
    /// </summary>
    private RequirementLine LocalFile(
        string written,
        RequirementFile file,
        Requirement? requirement,
        List<Digest> hashes,
        SourceLocation? place
    )
    {
        file.RequireOwn(written, place);
        var path = Path.GetFullPath(written, directory);
        var beside = Path.GetFullPath(written, file.Directory ?? directory);
        var isBeside = !Path.Exists(path) && Path.Exists(beside);
        var (taken, kept) = isBeside ? (beside, Path.GetRelativePath(directory, beside)) : (path, written);
        return DirectReference.OfFile(
            taken,
            written,
            kept,
            text.IsOnlyWished(taken, RequirementFileText.WrittenAt(place, "python.packages")),
            requirement,
            hashes,
            place
        );
    }

    private bool IsThere(string written, RequirementFile file) =>
        Path.Exists(Path.GetFullPath(written, directory)) || Path.Exists(Path.GetFullPath(written, file.Directory ?? directory));
}

using System.Text;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Settings;
using Torchyard.Packages.Python.Sources;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>
/// Reads requirement and constraint files in pip's format (pip documentation, "Requirements File Format"): comments, continuation lines,
/// <c>-r</c> and <c>-c</c>, index options, hashes, <c>${VARIABLES}</c>, paths and URLs. pip itself never sees the user's files:
/// it gets the flattened text, so that indexes and credentials stay with Torchyard.
/// </summary>
internal sealed class RequirementFileReader(RequirementSet into, Func<string, string?> environment)
{
    private const long SizeLimit = 16 << 20;

    // A byte that is no UTF-8 is an error with a place, not a question mark in a name.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // Files that are being read, each included by the one before it.
    private readonly List<string> _open = [];

    /// <summary>Reads a file.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="shown">Path for messages.</param>
    /// <param name="isConstraint">True when its lines are constraints.</param>
    /// <exception cref="TorchyardException">TY2512 with file, line and reason; TY2514 for version control URLs that are not followed.</exception>
    public void Read(string path, string shown, bool isConstraint) => Read(path, shown, isConstraint, from: null);

    /// <summary>Reads one requirement as a recipe or command line has it.</summary>
    /// <param name="text">The requirement, path or URL.</param>
    /// <param name="directory">Directory that paths are relative to.</param>
    /// <param name="place">Where it is written.</param>
    public RequirementLine ReadOne(string text, string directory, SourceLocation? place) =>
        ReadOne(new WrittenLine(text, place).Replace(Expand), directory);

    private static RequirementLine ReadOne(WrittenLine line, string directory)
    {
        var hashes = new List<Digest>();
        var text = TakeHashes(line, hashes);
        var at = text.IndexOf(" @ ", StringComparison.Ordinal);
        if (at < 0 && (IsUrl(text) || GitUrl.IsVersionControl(text)))
        {
            return FromUrl(text.Split(' ')[0], null, hashes, line.Place);
        }

        if (at < 0 && (text.EndsWith(".whl", StringComparison.Ordinal) || LockedSource.IsArchiveName(text) || text.StartsWith('.') || text.StartsWith('/')))
        {
            return Local(text, directory, null, hashes, line.Place);
        }

        if (!Requirement.TryParse(text, out var requirement, out var error, out var wrong))
        {
            throw RequirementProblem.Wrong(line.At(wrong), $"'{text}' is no requirement: {error}", "Write it as name, name==1.2, name>=1,<2, a path or a URL (PEP 508)");
        }

        var read = requirement.Url switch
        {
            null => new RequirementLine { Requirement = requirement, Hashes = hashes },
            var url when url.StartsWith("file:", StringComparison.Ordinal) => Local(new Uri(url).LocalPath, directory, requirement, hashes, line.Of(url)),
            var url => FromUrl(url, requirement, hashes, line.Of(url)),
        };
        return read with { Place = line.Place };
    }

    private void Read(string path, string shown, bool isConstraint, SourceLocation? from)
    {
        if (_open.Contains(path))
        {
            throw RequirementProblem.Wrong(from, $"'{shown}' is being read already: the files include each other", "Remove the -r or -c that closes the circle");
        }

        _open.Add(path);
        var directory = Path.GetDirectoryName(path)!;
        foreach (var written in WrittenLine.ReadAll(ReadText(path, shown, from), shown))
        {
            var line = written.Replace(Expand);
            if (line.Text.StartsWith('-'))
            {
                ReadOption(line, directory, shown, isConstraint);
            }
            else
            {
                (isConstraint ? into.Constraints : into.Requirements).Add(ReadOne(line, directory));
            }
        }

        _open.RemoveAt(_open.Count - 1);
    }

    /// <summary>Replaces variables of the environment as pip does; one that is not set would stand as it is, and no requirement means that.</summary>
    private string Expand(string text, SourceLocation? place)
    {
        var expanded = IndexCredentials.ExpandVariables(text, environment);
        return IndexCredentials.FirstVariable(expanded) is { } name && environment(name) is null
            ? throw RequirementProblem.Wrong(place, $"the environment variable {name} is not set", $"Set it (export {name}=…), or write its value")
            : expanded;
    }

    private void ReadOption(WrittenLine written, string directory, string shown, bool isConstraint)
    {
        var line = written.Text;
        var end = line.IndexOfAny([' ', '=']);
        var option = end < 0 ? line : line[..end];
        var value = end < 0 ? "" : line[(end + 1)..].TrimStart();
        if (end < 0 && line.Length > 2 && line[1] != '-')
        {
            // "-rfile" and the like.
            (option, value) = (line[..2], line[2..]);
        }

        var valuePlace = written.At(line.Length - value.Length);
        switch (option)
        {
            case "-r" or "--requirement":
                Read(Path.GetFullPath(value, directory), Beside(shown, value), isConstraint, valuePlace);
                break;
            case "-c" or "--constraint":
                Read(Path.GetFullPath(value, directory), Beside(shown, value), isConstraint: true, valuePlace);
                break;
            case "-i" or "--index-url":
                into.Indexes.Add(value);
                break;
            case "--extra-index-url":
                into.ExtraIndexes.Add(value);
                break;
            case "-f" or "--find-links":
                into.FindLinks.Add(Path.GetFullPath(value, directory));
                break;
            case "--pre":
                into.PreReleases = true;
                break;
            case "--only-binary":
                into.AddOnlyBinary(value.Split(','));
                break;
            case "--require-hashes" or "--prefer-binary":
                // Hashes that are given are always checked, and wheels are taken where there are any.
                break;
            case "-e" or "--editable":
                throw RequirementProblem.Wrong(written.Place, "an editable install has no place in an image", "Mount the project's directory, or build a wheel of it and name that");
            default:
                throw RequirementProblem.Wrong(written.Place, $"option '{option}' has no meaning here", "Remove it, or move what it sets to [python] of the recipe");
        }
    }

    private static string ReadText(string path, string shown, SourceLocation? from)
    {
        try
        {
            var text = new FileInfo(path).Length <= SizeLimit
                ? File.ReadAllText(path, Utf8)
                : throw RequirementProblem.Wrong(new SourceLocation(shown, 1, 1), "the file is larger than 16 MiB", "Name a requirement file");
            // Without a byte order mark, UTF-16 shows by its zeros.
            return text.Contains('\0', StringComparison.Ordinal) ? throw NoText(shown, null) : text;
        }
        catch (DecoderFallbackException wrong)
        {
            throw NoText(shown, wrong);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw RequirementProblem.Wrong(from, $"there is no file '{shown}'", "Correct the path in the recipe or in the file that includes it");
        }
        catch (UnauthorizedAccessException refused)
        {
            throw RequirementProblem.Wrong(
                from, $"'{shown}' cannot be read: {(Directory.Exists(path) ? "it is a directory" : refused.Message)}", "Name a requirement file that you may read");
        }
    }

    private static TorchyardException NoText(string shown, Exception? cause) => RequirementProblem.Wrong(
        new SourceLocation(shown, 1, 1), "the file is no text in UTF-8" + (cause is null ? "; it looks like UTF-16" : ""),
        $"Save it as UTF-8 (iconv -f UTF-16 -t UTF-8 {shown})");

    /// <summary>Reads the hashes after a requirement.</summary>
    /// <returns>What is before them: the beginning of the line's text.</returns>
    private static string TakeHashes(WrittenLine line, List<Digest> hashes)
    {
        var text = line.Text;
        var begin = text.IndexOf(" --", StringComparison.Ordinal);
        if (begin < 0)
        {
            return text;
        }

        var at = begin;
        while (NextWord(text, ref at) is { Length: > 0 } option)
        {
            var place = line.At(at - option.Length);
            if (option != "--hash" && !option.StartsWith("--hash=", StringComparison.Ordinal))
            {
                throw RequirementProblem.Wrong(place, $"option '{option}' has no meaning here", "Only --hash may follow a requirement");
            }

            var value = option == "--hash" ? NextWord(text, ref at) : option["--hash=".Length..];
            if (value.StartsWith("sha256:", StringComparison.Ordinal))
            {
                hashes.Add(Digest.TryParse(value.ToLowerInvariant(), out var digest)
                    ? digest
                    : throw RequirementProblem.Wrong(line.At(at - value.Length), $"'{value}' is no SHA-256", "Write --hash=sha256: and 64 hexadecimal digits"));
            }
        }

        return hashes.Count > 0
            ? text[..begin].TrimEnd()
            : throw RequirementProblem.Wrong(line.At(begin + 1), "none of the hashes is a SHA-256", "Add the file's --hash=sha256:...");
    }

    // Moves behind the word.
    private static string NextWord(string text, ref int at)
    {
        while (at < text.Length && text[at] == ' ')
        {
            at++;
        }

        var start = at;
        while (at < text.Length && text[at] != ' ')
        {
            at++;
        }

        return text[start..at];
    }

    private static RequirementLine Local(string written, string directory, Requirement? requirement, List<Digest> hashes, SourceLocation? place)
    {
        var path = Path.GetFullPath(written, directory);
        var isArchive = LockedSource.IsArchiveName(path);
        if (!isArchive && !WheelFileName.TryParse(Path.GetFileName(path), out _))
        {
            throw RequirementProblem.Wrong(
                place, $"'{written}' is neither a wheel nor a source archive (.tar.gz, .zip)",
                Directory.Exists(path)
                    ? "A directory changes unseen, so it cannot be locked: make an archive of it (python -m build --sdist, git archive) and name that, or git+file:///DIRECTORY"
                    : "Name a .whl, .tar.gz or .zip file");
        }

        if (!File.Exists(path))
        {
            throw RequirementProblem.Wrong(place, $"there is no file '{written}'", "Correct the path; it is relative to the file that names it");
        }

        return isArchive
            ? new RequirementLine
            {
                Requirement = requirement,
                Source = new SourceReference { Url = new Uri(path), Filename = Path.GetFileName(path), Path = written, Sha256 = OneOf(hashes) },
                Hashes = hashes,
                Place = place,
            }
            : new RequirementLine { Requirement = requirement, LocalWheel = path, WrittenPath = written, Hashes = hashes, Place = place };
    }

    /// <summary>A requirement by URL: of a wheel, of a source archive, or of a repository.</summary>
    /// <exception cref="TorchyardException">TY2512, TY2514.</exception>
    internal static RequirementLine FromUrl(string text, Requirement? requirement, List<Digest> hashes, SourceLocation? place)
    {
        if (GitUrl.IsVersionControl(text))
        {
            return new RequirementLine { Requirement = requirement, Source = GitUrl.Parse(text, place), Place = place };
        }

        var filename = Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "https" or "http" or "file" ? Uri.UnescapeDataString(url.Segments[^1]) : "";
        var isWheel = WheelFileName.TryParse(filename, out _);
        if (!isWheel && (!LockedSource.IsArchiveName(filename) || filename.Contains('/')))
        {
            throw RequirementProblem.Wrong(
                place, $"'{text}' is the URL of neither a wheel nor a source archive",
                filename.EndsWith(".tar.bz2", StringComparison.OrdinalIgnoreCase) ? "bzip2 is not read: give a .tar.gz or .zip of it" : "Give the URL of a .whl, .tar.gz or .zip file, or git+https://… for a repository");
        }

        foreach (var part in url!.Fragment.TrimStart('#').Split('&'))
        {
            if (part.StartsWith("sha256=", StringComparison.Ordinal) && Digest.TryParse(part[7..].ToLowerInvariant(), out var digest))
            {
                hashes.Add(digest);
            }
        }

        return isWheel
            ? new RequirementLine { Requirement = requirement, Url = url, Hashes = hashes, Place = place }
            : new RequirementLine
            {
                Requirement = requirement,
                Source = new SourceReference { Url = url, Filename = filename, Sha256 = OneOf(hashes), Subdirectory = GitUrl.Subdirectory(url.Fragment, text, place) },
                Hashes = hashes,
                Place = place,
            };
    }

    private static Digest? OneOf(List<Digest> hashes) => hashes.Count == 1 ? hashes[0] : null;

    private static bool IsUrl(string text) => text.StartsWith("https://", StringComparison.Ordinal) || text.StartsWith("http://", StringComparison.Ordinal);

    private static string Beside(string shown, string included) => Path.Combine(Path.GetDirectoryName(shown) ?? "", included);
}

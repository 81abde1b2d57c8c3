using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Sources;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>
/// Reads requirement and constraint files in pip's format (pip documentation, "Requirements File Format"), by pip's own grammar: comments,
/// continuation lines, options, hashes, <c>${VARIABLES}</c>, paths and URLs. pip itself never sees the user's files: it gets the flattened
/// text, so that indexes and credentials stay with Torchyard. What pip reads over without a word is refused here.
/// </summary>
/// <param name="into">Gets what is read.</param>
/// <param name="files">Gives the files, each once.</param>
/// <param name="variables">Replaces variables.</param>
/// <param name="survey">Gets what the files want from the machine and nobody allowed yet, which is then left out; null to refuse
/// it.</param>
/// <param name="fetch">Gets a file of a server; null to refuse it.</param>
/// <param name="refused">Gets the lines that cannot be taken, which are then left out; null to fail at the first.</param>
internal sealed class RequirementFileReader(
    RequirementSet into,
    ProjectFiles files,
    CredentialVariables variables,
    ICollection<Wish>? survey = null,
    Func<Uri, byte[]>? fetch = null,
    ICollection<RefusedLine>? refused = null
)
{
    private const long SizeLimit = 16 << 20;

    // Files that include others twice, several levels deep, would be read for ever.
    private const int MostFiles = 500;

    // pip's features that change nothing of an answer; others are not known.
    private static readonly string[] Features = ["fast-deps", "truststore", "no-binary-enable-wheel-cache", "inprocess-build-deps"];

    // Files that are being read, each included by the one before it.
    private readonly List<RequirementFile> _open = [];
    private readonly List<RequirementLine> _read = [];
    private int _files;
    private SourceLocation? _hashed;
    private SourceLocation? _requiresHashes;

    /// <summary>Reads a file.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="shown">Path for messages.</param>
    /// <param name="isConstraint">True when its lines are constraints.</param>
    /// <exception cref="TorchyardException">TY2512, TY2530, TY2531, TY2535, TY2536 with file, line and reason; TY2514 for version control
    /// URLs that are not followed.</exception>
    public void Read(string path, string shown, bool isConstraint) =>
        Read(new RequirementFile(path, null, shown), isConstraint, from: null);

    /// <summary>Reads one requirement as a recipe or command line has it.</summary>
    /// <param name="text">The requirement, path or URL.</param>
    /// <param name="directory">Directory that paths are relative to.</param>
    /// <param name="place">Where it is written.</param>
    public RequirementLine ReadOne(string text, string directory, SourceLocation? place)
    {
        var line = Expand(new WrittenLine(text, place));
        var read = ReadRequirement(line, new RequirementFile(Path.Combine(directory, "x"), null, ""), out var options);
        ReadFormats(line, options);
        return read;
    }

    /// <summary>When hashes are asked for, or a line of a file has one, every line must be pinned and have one, as with pip.</summary>
    /// <exception cref="TorchyardException">TY2532.</exception>
    public void CheckHashes()
    {
        if ((_requiresHashes ?? _hashed) is not { } why)
        {
            return;
        }

        // What the recipe names itself is its own, unless a file asks for hashes outright.
        var lines = _requiresHashes is null ? _read : into.Requirements;
        foreach (var line in lines)
        {
            var name = line.Requirement?.Name.Normal ?? line.WrittenPath ?? line.Url?.Segments[^1] ?? line.Source?.Shown;
            var isPinned =
                line.IsDirect
                || line.Requirement!.Versions.Clauses
                    is [{ Operator: Versions.VersionOperator.Equal or Versions.VersionOperator.Identical }];
            if (line.Hashes.Count == 0 || !isPinned)
            {
                throw RequirementProblem.Of(
                    "TY2532",
                    line.Place,
                    line.Hashes.Count == 0
                        ? $"{name} has no hash, and {why} {(_requiresHashes is null ? "has one" : "asks for hashes")}, so that every "
                            + "line must have one"
                        : $"{name} has a hash, but is not pinned to one version",
                    line.Hashes.Count == 0
                        ? "add ==VERSION --hash=sha256:… to it (pip-compile --generate-hashes writes them, 'pip hash FILE' tells that of "
                            + "a file), or remove the hashes from all lines"
                        : "write ==VERSION"
                );
            }
        }

        into.RequiresHashes = _requiresHashes is not null || _read.Count == into.Requirements.Count;
    }

    private RequirementLine ReadRequirement(WrittenLine line, RequirementFile file, out IReadOnlyList<WrittenOption> options)
    {
        var start = RequirementOptions.Start(line.Text);
        options = RequirementOptions.Read(line, start);
        var hashes = ReadHashes(line, options);
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
        return name.Length == 0 ? "Write it as name, name==1.2, name>=1,<2, a path or a URL (PEP 508)"
            : rest.StartsWith('#') ? $"Write '{name}  {rest}': a comment begins after white space"
            : rest is ['=', ..] and not ['=', '=', ..] ? $"Write {name}=={rest[1..].Trim()}"
            : rest.Length > 0 && char.IsAsciiDigit(rest[0]) ? $"Write {name}=={rest}"
            : "Write it as name, name==1.2, name>=1,<2, a path or a URL (PEP 508)";
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

    private void Read(RequirementFile file, bool isConstraint, SourceLocation? from)
    {
        if (_open.Any(open => open.Path == file.Path && open.Url == file.Url))
        {
            throw RequirementProblem.Wrong(
                from,
                $"'{file.Shown}' is being read already: the files include each other",
                "remove the -r or -c that closes the circle"
            );
        }

        if (++_files > MostFiles)
        {
            throw RequirementProblem.Wrong(
                from,
                $"the files include more than {MostFiles} others",
                "put what they have in common into one file that is included once"
            );
        }

        _open.Add(file);
        try
        {
            foreach (var written in WrittenLine.ReadAll(ReadText(file, from), file.Shown))
            {
                ReadLine(written, file, isConstraint);
            }
        }
        finally
        {
            _open.RemoveAt(_open.Count - 1);
        }
    }

    /// <summary>Reads a line as a requirement file has it, wherever it comes from.</summary>
    /// <param name="written">The line.</param>
    /// <param name="directory">Directory that its paths are beside.</param>
    public void ReadLine(WrittenLine written, string directory) =>
        ReadLine(written, new RequirementFile(Path.Combine(directory, "x"), null, ""), isConstraint: false);

    private void ReadLine(WrittenLine written, RequirementFile file, bool isConstraint)
    {
        try
        {
            var line = Expand(written);
            if (RequirementOptions.Start(line.Text) > 0)
            {
                AddRequirement(line, file, isConstraint);
            }
            else
            {
                ReadOptions(line, file);
            }
        }
        catch (TorchyardException wrong) when (refused is not null)
        {
            refused.Add(new RefusedLine(written.Text, written.Place, Reason(wrong, written.Place), wrong.Cure));
        }
    }

    // The place is said beside it.
    private static string Reason(TorchyardException wrong, SourceLocation? place)
    {
        var start = wrong.Location is null ? "" : $"{wrong.Location}: ";
        return start.Length > 0 && wrong.Message.StartsWith(start, StringComparison.Ordinal) && wrong.Location!.File == place?.File
            ? wrong.Message[start.Length..]
            : wrong.Message;
    }

    private void AddRequirement(WrittenLine line, RequirementFile file, bool isConstraint)
    {
        var read = ReadRequirement(line, file, out var options);
        ReadFormats(line, options);
        if (file.Url is not null && read.IsDirect)
        {
            throw OtherServer(file, line.Place);
        }

        if (options.FirstOrDefault(option => option.Option == PipOption.Hash) is { } hash)
        {
            _hashed ??= line.At(hash.At);
        }

        if (!isConstraint)
        {
            into.Requirements.Add(read);
            _read.Add(read);
            return;
        }

        into.Constraints.Add(
            read.IsDirect
                ? throw RequirementProblem.Refused(
                    line.Place,
                    "a constraint names a file or a URL",
                    "name it as a requirement, in 'packages' or 'requirements' of [python]"
                )
            : read.Requirement!.Extras.Count > 0
                ? throw RequirementProblem.Wrong(
                    line.Place,
                    "a constraint has extras, which choose nothing there",
                    $"write {(read.Requirement with { Extras = [] })}"
                )
            : read
        );
    }

    private WrittenLine Expand(WrittenLine line) =>
        CredentialVariables.HostOf(line.Text, line.At) is { } host
            ? line.Replace((text, place) => variables.Replace(text, host, place, survey))
            : line;

    private void ReadOptions(WrittenLine line, RequirementFile file)
    {
        var options = RequirementOptions.Read(line, 0);
        if (
            options.Count > 1
            && options.FirstOrDefault(option => option.Option is PipOption.Requirement or PipOption.Constraint) is { } include
        )
        {
            var other = options.First(option => option != include);
            throw RequirementProblem.Dropped(
                line.At(other.At),
                $"{other.Name} stands on one line with {include.Name}, where pip leaves it out without a word",
                "write each on a line of its own"
            );
        }

        if (options.Where(option => option.Option == PipOption.FindLinks).Skip(1).FirstOrDefault() is { } second)
        {
            throw RequirementProblem.Dropped(
                line.At(second.At),
                "of two --find-links on one line pip reads the first alone",
                "write each on a line of its own"
            );
        }

        if (
            !into.NoIndex
            && into.ExtraIndexes.Count > 0
            && options.FirstOrDefault(option => option.Option == PipOption.IndexUrl) is { } late
        )
        {
            throw RequirementProblem.Dropped(
                line.At(late.At),
                "pip forgets every --extra-index-url that stands before this",
                "put this line before them"
            );
        }

        foreach (var option in options)
        {
            ReadOption(line, option, file);
        }
    }

    private void ReadOption(WrittenLine line, WrittenOption option, RequirementFile file)
    {
        var (value, place, valuePlace) = (option.Value, line.At(option.At), line.At(option.ValueAt));
        if (file.Url is not null && option.Option is PipOption.IndexUrl or PipOption.ExtraIndexUrl or PipOption.FindLinks)
        {
            throw OtherServer(file, place);
        }

        switch (option.Option)
        {
            case PipOption.Requirement or PipOption.Constraint:
                // pip reads what a constraint file includes by -r as requirements.
                Read(Included(file, value, valuePlace), option.Option == PipOption.Constraint, valuePlace);
                break;
            case PipOption.IndexUrl:
                if (!into.NoIndex)
                {
                    into.Indexes.Clear();
                    into.Indexes.Add(IndexUrl(value, valuePlace));
                }

                break;
            case PipOption.ExtraIndexUrl:
                if (!into.NoIndex)
                {
                    into.ExtraIndexes.Add(IndexUrl(value, valuePlace));
                }

                break;
            case PipOption.NoIndex:
                into.NoIndex = true;
                into.Indexes.Clear();
                into.ExtraIndexes.Clear();
                break;
            case PipOption.FindLinks:
                AddFindLinks(value, file, valuePlace);
                break;
            case PipOption.Pre:
                into.PreReleases = true;
                break;
            case PipOption.NoBinary or PipOption.OnlyBinary:
                ReadFormat(line, option);
                break;
            case PipOption.RequireHashes:
                _requiresHashes ??= place ?? new SourceLocation(file.Shown, 1, 1);
                break;
            case PipOption.PreferBinary:
                // Wheels are taken where there are any.
                break;
            case PipOption.UseFeature:
                if (!Features.Contains(value))
                {
                    throw RequirementProblem.Wrong(valuePlace, $"'{value}' is not a feature of pip that is known here", "remove the line");
                }

                break;
            case PipOption.Editable:
                throw Editable(value, place);
            case PipOption.TrustedHost:
                throw RequirementProblem.Refused(
                    place,
                    "a requirement file may not switch off the checks of a host's certificate",
                    "if you trust the host, put it into your own pip.conf: pip config set global.trusted-host HOST"
                );
            case PipOption.Hash:
                throw RequirementProblem.Dropped(
                    place,
                    "--hash stands on a line without a requirement, where pip leaves it out",
                    "write it behind the requirement, or end the line before with a backslash"
                );
            default:
                throw BuildOption(option, place);
        }
    }

    private static string IndexUrl(string value, SourceLocation? place) =>
        UrlText.TryRead(value, out var url) && url.Scheme is "https" or "http" or "file"
            ? value
            : throw RequirementProblem.Refused(place, $"'{value}' is not the URL of an index", "write it as https://HOST/simple/");

    /// <summary>--no-binary and --only-binary, which count wherever they stand.</summary>
    private void ReadFormats(WrittenLine line, IReadOnlyList<WrittenOption> options)
    {
        foreach (var option in options.Where(option => option.Option is PipOption.NoBinary or PipOption.OnlyBinary))
        {
            ReadFormat(line, option);
        }
    }

    private void ReadFormat(WrittenLine line, WrittenOption option)
    {
        if (option.Value.StartsWith('-'))
        {
            throw RequirementProblem.Wrong(
                line.At(option.ValueAt),
                $"{option.Name} needs a value",
                "write the names of the projects, or :all:"
            );
        }

        if (option.Option == PipOption.NoBinary)
        {
            into.AddNoBinary(option.Value.Split(','));
        }
        else
        {
            into.AddOnlyBinary(option.Value.Split(','));
        }
    }

    private static TorchyardException Editable(string value, SourceLocation? place)
    {
        if (!GitUrl.IsVersionControl(value))
        {
            return RequirementProblem.Refused(
                place,
                "an editable install has no place in an image",
                "mount the project's directory and name what it needs by pyproject = \"pyproject.toml\" in "
                    + "[python], or build a wheel of it and name that"
            );
        }

        var fragment = value.IndexOf('#', StringComparison.Ordinal) is >= 0 and var at ? value[at..] : "";
        var egg = fragment.TrimStart('#').Split('&').FirstOrDefault(part => part.StartsWith("egg=", StringComparison.Ordinal))?[4..];
        var rest = string.Join('&', fragment.TrimStart('#').Split('&').Where(part => !part.StartsWith("egg=", StringComparison.Ordinal)));
        var url = value[..^fragment.Length] + (rest.Length > 0 ? "#" + rest : "");
        return RequirementProblem.Refused(
            place,
            "an editable install of a repository has no place in an image",
            $"write it without -e, and it is built and installed: {(egg is null ? "" : egg + " @ ")}{url}"
        );
    }

    private static TorchyardException BuildOption(WrittenOption option, SourceLocation? place) =>
        RequirementProblem.Refused(
            place,
            $"{option.Name} changes how a wheel is built, which a lock does not keep",
            "build the wheel once with it (pip wheel) and name the file"
        );

    private static List<Digest> ReadHashes(WrittenLine line, IReadOnlyList<WrittenOption> options)
    {
        var hashes = new List<Digest>();
        WrittenOption? last = null;
        foreach (var option in options)
        {
            var place = line.At(option.At);
            switch (option.Option)
            {
                case PipOption.Hash:
                    last = option;
                    var (algorithm, digest) = option.Value.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon
                        ? (option.Value[..colon], option.Value[(colon + 1)..])
                        : throw RequirementProblem.Wrong(
                            line.At(option.ValueAt),
                            $"'{option.Value}' is not a hash",
                            "write --hash=sha256: and 64 hexadecimal digits"
                        );
                    if (algorithm is not ("sha256" or "sha384" or "sha512"))
                    {
                        throw RequirementProblem.Wrong(
                            place,
                            $"a hash by '{algorithm}' is not accepted, neither by pip",
                            "write --hash=sha256: and 64 hexadecimal digits"
                        );
                    }

                    if (algorithm == "sha256")
                    {
                        hashes.Add(
                            Digest.TryParse(option.Value.ToLowerInvariant(), out var sha256) && digest.Length == 64
                                ? sha256
                                : throw RequirementProblem.Wrong(
                                    line.At(option.ValueAt),
                                    $"'{option.Value}' is not a SHA-256",
                                    "write --hash=sha256: and 64 hexadecimal digits"
                                )
                        );
                    }

                    break;
                case PipOption.NoBinary or PipOption.OnlyBinary:
                    break;
                case PipOption.ConfigSettings or PipOption.GlobalOption:
                    throw BuildOption(option, place);
                default:
                    throw RequirementProblem.Dropped(
                        place,
                        $"{option.Name} stands behind a requirement, where pip leaves it out without a word",
                        "write it on a line of its own"
                    );
            }
        }

        return hashes.Count == 0 && last is not null
            ? throw RequirementProblem.Refused(
                line.At(last.At),
                "none of the hashes is a SHA-256, which indexes give",
                "add the file's --hash=sha256:…"
            )
            : hashes;
    }

    private void AddFindLinks(string value, RequirementFile file, SourceLocation? place)
    {
        if (UrlText.TryRead(value, out var url) && url.Scheme is "https" or "http")
        {
            into.FindLinkPages.Add(url);
            return;
        }

        if (url is { IsFile: false } && value.Contains("://", StringComparison.Ordinal))
        {
            throw RequirementProblem.Dropped(
                place,
                $"pip looks for no files at an address of the kind '{url.Scheme}:'",
                "write an https address or a directory"
            );
        }

        var path = url is { IsFile: true } && value.StartsWith("file:", StringComparison.OrdinalIgnoreCase) ? url.LocalPath : value;
        RequireOwn(file, path, place);
        var beside = Path.GetFullPath(path, file.Directory ?? into.Directory);
        into.FindLinks.Add(
            Path.Exists(beside) || !Path.Exists(Path.GetFullPath(path, into.Directory)) ? beside : Path.GetFullPath(path, into.Directory)
        );
    }

    private static RequirementFile Included(RequirementFile from, string value, SourceLocation? place)
    {
        if (value.Length == 0)
        {
            throw RequirementProblem.Wrong(place, "the name of the file is missing", "write -r FILE");
        }

        if (from.Url is { } page)
        {
            return UrlText.TryRead(page, value, out var next) && next.Scheme == page.Scheme && next.Authority == page.Authority
                ? new RequirementFile(null, next, Shown(next))
                : throw RequirementProblem.Refused(
                    place,
                    $"{from.Shown}, a file of a server, includes '{value}' from elsewhere",
                    "copy the file here, look at it, and name the copy"
                );
        }

        if (DirectReference.Scheme(value) is { } scheme && UrlText.TryRead(value, out var url))
        {
            return scheme is "https" or "http" ? new RequirementFile(null, url, Shown(url))
                : scheme == "file" && url.Host.Length == 0 ? new RequirementFile(url.LocalPath, null, url.LocalPath)
                : throw RequirementProblem.Wrong(
                    place,
                    $"'{value}' is not the address of a requirement file",
                    "write a path, or https://HOST/FILE"
                );
        }

        return new RequirementFile(
            Path.GetFullPath(value, from.Directory!),
            null,
            Path.Combine(Path.GetDirectoryName(from.Shown) ?? "", value)
        );
    }

    private static string Shown(Uri url) => UrlText.WithoutSecrets(url.GetLeftPart(UriPartial.Path));

    private string ReadText(RequirementFile file, SourceLocation? from)
    {
        if (file.Url is { } url)
        {
            if (survey is not null)
            {
                // Nobody was asked yet. What is in it can reach no further: it may name no other place.
                survey.Add(
                    new Wish(WishKind.Download, url.GetLeftPart(UriPartial.Scheme) + url.Authority) { From = WrittenAt(from, file.Shown) }
                );
                return "";
            }

            return PythonText.Decode(
                fetch is null
                    ? throw RequirementProblem.Of(
                        "TY2536",
                        from,
                        $"{file.Shown} is on a server, and nothing is fetched here",
                        "copy the file here and name the copy"
                    )
                    : fetch(url),
                file.Shown
            );
        }

        var (path, shown) = (file.Path!, file.Shown);
        if (refused is not null && files.IsOutside(path))
        {
            throw RequirementProblem.Refused(from, $"'{shown}' is outside of this directory", "copy the file into it, and name the copy");
        }

        if (IsOnlyWished(path, WrittenAt(from, shown)))
        {
            return "";
        }

        try
        {
            return PythonText.Decode(files.Read(path, SizeLimit), shown);
        }
        catch (TorchyardException large) when (large.Code == PlatformCodes.TooLarge)
        {
            throw RequirementProblem.Wrong(new SourceLocation(shown, 1, 1), "the file is larger than 16 MiB", "name a requirement file");
        }
        catch (TorchyardException special) when (special.Code == PlatformCodes.NotRegular)
        {
            throw RequirementProblem.Wrong(from, special.Message, "name a requirement file that you may read");
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw RequirementProblem.Wrong(
                from,
                $"there is no file '{shown}'",
                "correct the path in the recipe or in the file that includes it"
            );
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException or IOException)
        {
            throw RequirementProblem.Wrong(
                from,
                $"'{shown}' cannot be read: {(Directory.Exists(path) ? "it is a directory" : refused.Message)}",
                "name a requirement file that you may read"
            );
        }
    }

    /// <summary>True for a file outside the project while it is only found out what the recipe wants.</summary>
    private bool IsOnlyWished(string path, string from)
    {
        if (survey is null || !files.IsOutside(path) || files.Reaches(files.RealOf(path)))
        {
            return false;
        }

        survey.Add(Wish.File(files.RealOf(path), from));
        return true;
    }

    private static string WrittenAt(SourceLocation? place, string otherwise) => place is null ? otherwise : $"{place.File}:{place.Line}";

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
        RequireOwn(file, written, place);
        var path = Path.GetFullPath(written, into.Directory);
        var beside = Path.GetFullPath(written, file.Directory ?? into.Directory);
        var isBeside = !Path.Exists(path) && Path.Exists(beside);
        var (taken, kept) = isBeside ? (beside, Path.GetRelativePath(into.Directory, beside)) : (path, written);
        return DirectReference.OfFile(
            taken,
            written,
            kept,
            IsOnlyWished(taken, WrittenAt(place, "python.packages")),
            requirement,
            hashes,
            place
        );
    }

    private bool IsThere(string written, RequirementFile file) =>
        Path.Exists(Path.GetFullPath(written, into.Directory)) || Path.Exists(Path.GetFullPath(written, file.Directory ?? into.Directory));

    /// <summary>Nobody was asked about the places that a file of a server names: it is read when the recipe was allowed already.</summary>
    private static TorchyardException OtherServer(RequirementFile file, SourceLocation? place) =>
        RequirementProblem.Refused(
            place,
            $"{file.Shown}, a file of a server, names an index or a file by its URL",
            "copy the file here, look at it, and name the copy"
        );

    private static void RequireOwn(RequirementFile file, string path, SourceLocation? place)
    {
        if (file.Url is not null)
        {
            throw RequirementProblem.Refused(
                place,
                $"{file.Shown}, a file of a server, names '{path}' of this machine",
                "copy the file here, look at it, and name the copy"
            );
        }
    }

    /// <summary>A requirement file of this machine or of a server.</summary>
    private sealed record RequirementFile(string? Path, Uri? Url, string Shown)
    {
        /// <summary>Directory that its paths are beside; null on a server.</summary>
        public string? Directory => Path is null ? null : System.IO.Path.GetDirectoryName(Path);
    }
}

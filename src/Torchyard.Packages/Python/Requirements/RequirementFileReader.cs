using Torchyard.Packages.Python.Settings;
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
    private const string NoIndexes = "--no-index stands in the same file, with which no index is asked";

    // Files that include others twice, several levels deep, would be read for ever.
    private const int MostFiles = 500;

    // pip's features that change nothing of an answer; others are not known.
    private static readonly string[] Features = ["fast-deps", "truststore", "no-binary-enable-wheel-cache", "inprocess-build-deps"];

    // Files that are being read, each included by the one before it.
    private readonly List<RequirementFile> _open = [];
    private readonly RequirementLineReader _lines = new(
        into.Directory,
        new RequirementFileText(files, survey, fetch, isForeign: refused is not null)
    );
    private readonly RequirementHashes _hashes = new(into);
    private int _files;

    /// <summary>Reads a file.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="shown">Path for messages.</param>
    /// <param name="isConstraint">True when its lines are constraints.</param>
    /// <exception cref="TorchyardException">TY2512, TY2530, TY2531, TY2535, TY2536 with file, line and reason; TY2514 for version control
    /// URLs that are not followed.</exception>
    public void Read(string path, string shown, bool isConstraint) =>
        Read(new RequirementFile(path, null, shown), isConstraint, from: null);

    /// <summary>When hashes are asked for, or a line of a file has one, every line must be pinned and have one, as with pip.</summary>
    /// <exception cref="TorchyardException">TY2532.</exception>
    public void CheckHashes() => _hashes.Check();

    /// <summary>Reads one requirement as a recipe or command line has it.</summary>
    /// <param name="text">The requirement, path or URL.</param>
    /// <param name="directory">Directory that paths are relative to.</param>
    /// <param name="place">Where it is written.</param>
    public RequirementLine ReadOne(string text, string directory, SourceLocation? place)
    {
        var line = Expand(new WrittenLine(text, place));
        var read = _lines.Read(line, RequirementFile.In(directory), out var options);
        ReadFormats(line, options);
        return read;
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
            foreach (var written in WrittenLine.ReadAll(_lines.Files.Read(file, from), file.Shown))
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
    public void ReadLine(WrittenLine written, string directory) => ReadLine(written, RequirementFile.In(directory), isConstraint: false);

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
        var read = _lines.Read(line, file, out var options);
        ReadFormats(line, options);
        if (file.Url is not null && read.IsDirect)
        {
            throw RefusedOption.OtherServer(file, line.Place);
        }

        if (options.FirstOrDefault(option => option.Option == PipOption.Hash) is { } hash)
        {
            _hashes.Note(line.At(hash.At));
        }

        if (!isConstraint)
        {
            into.Requirements.Add(read);
            _hashes.Add(read);
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
            throw RefusedOption.OtherServer(file, place);
        }

        into.Places[value.Length > 0 ? value : option.Name] = place;
        switch (option.Option)
        {
            case PipOption.Requirement or PipOption.Constraint:
                // pip reads what a constraint file includes by -r as requirements.
                Read(file.Included(value, valuePlace), option.Option == PipOption.Constraint, valuePlace);
                break;
            case PipOption.IndexUrl:
                foreach (var earlier in into.Indexes)
                {
                    into.Idle.Add(new RefusedLine($"--index-url {earlier}", null, "a later --index-url takes its place", ""));
                }

                into.Indexes.Clear();
                AddIndex(into.Indexes, option, value, valuePlace);
                break;
            case PipOption.ExtraIndexUrl:
                AddIndex(into.ExtraIndexes, option, value, valuePlace);
                break;
            case PipOption.NoIndex:
                into.NoIndex = true;
                foreach (var earlier in into.Indexes.Concat(into.ExtraIndexes))
                {
                    into.Idle.Add(new RefusedLine(earlier, null, NoIndexes, ""));
                }

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
                _hashes.Ask(place ?? new SourceLocation(file.Shown, 1, 1));
                into.Idle.Add(new RefusedLine(option.Name, place, "a lock has a hash of each package", ""));
                break;
            case PipOption.PreferBinary:
                into.Idle.Add(new RefusedLine(option.Name, place, "wheels are taken where there are any", ""));
                break;
            case PipOption.UseFeature:
                if (!Features.Contains(value))
                {
                    throw RequirementProblem.Wrong(valuePlace, $"'{value}' is not a feature of pip that is known here", "remove the line");
                }

                into.Idle.Add(new RefusedLine($"{option.Name} {value}", place, "it changes how pip works, and not what it installs", ""));
                break;
            case PipOption.Editable:
                throw RefusedOption.Editable(value, place);
            case PipOption.TrustedHost:
                throw RefusedOption.TrustedHost(place);
            case PipOption.Hash:
                throw RequirementProblem.Dropped(
                    place,
                    "--hash stands on a line without a requirement, where pip leaves it out",
                    "write it behind the requirement, or end the line before with a backslash"
                );
            default:
                throw RefusedOption.Build(option, place);
        }
    }

    private void AddIndex(List<string> indexes, WrittenOption option, string value, SourceLocation? place)
    {
        if (into.NoIndex)
        {
            into.Idle.Add(new RefusedLine($"{option.Name} {value}", place, NoIndexes, ""));
        }
        else
        {
            indexes.Add(IndexUrl(value, place));
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

        foreach (var name in option.Value.Split(','))
        {
            into.Places[$"{option.Name} {name}"] = line.At(option.At);
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
        file.RequireOwn(path, place);
        var beside = Path.GetFullPath(path, file.Directory ?? into.Directory);
        into.FindLinks.Add(
            Path.Exists(beside) || !Path.Exists(Path.GetFullPath(path, into.Directory)) ? beside : Path.GetFullPath(path, into.Directory)
        );
    }
}

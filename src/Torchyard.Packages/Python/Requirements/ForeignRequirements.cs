using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Sources;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>
/// Requirements of a file that may become part of a recipe: read as pip reads them, but a line that cannot be taken is kept with its reason
/// instead of ending it all. No variable of the environment is replaced, nothing outside of the directory is read, nothing is fetched.
/// </summary>
public sealed class ForeignRequirements
{
    private readonly List<RefusedLine> _refused = [];
    private readonly RequirementFileReader _reader;

    /// <param name="files">The directory of the file, beyond which nothing is read.</param>
    public ForeignRequirements(ProjectFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        Set = new RequirementSet { Directory = files.Directory };
        _reader = new RequirementFileReader(
            Set,
            files,
            new CredentialVariables(static _ => null, static (_, _) => false),
            refused: _refused
        );
    }

    /// <summary>What was read.</summary>
    public RequirementSet Set { get; }

    /// <summary>What was not.</summary>
    public IReadOnlyList<RefusedLine> Refused => _refused;

    /// <summary>Reads a requirement file and what it includes.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="shown">Path for messages.</param>
    /// <exception cref="TorchyardException">TY2512, TY2530: the file itself cannot be read.</exception>
    public void ReadFile(string path, string shown)
    {
        _reader.Read(path, shown, isConstraint: false);
        try
        {
            _reader.CheckHashes();
        }
        catch (TorchyardException wrong)
        {
            _refused.Add(new RefusedLine("--hash", wrong.Location ?? new SourceLocation(shown, 1, 1), wrong.Message, wrong.Cure));
        }
    }

    /// <summary>Reads one line as a requirement file has it: a requirement, or an option such as <c>-r FILE</c>.</summary>
    /// <param name="text">The line.</param>
    /// <param name="place">Where it is.</param>
    public void ReadLine(string text, SourceLocation place)
    {
        ArgumentNullException.ThrowIfNull(text);
        // A line feed would make it two, of which the second is not looked at.
        if (text.AsSpan().IndexOfAny("\r\n\0") >= 0)
        {
            _refused.Add(new RefusedLine(text, place, "there is a control character in it", "write it without"));
            return;
        }

        _reader.ReadLine(new WrittenLine(text, place), Set.Directory);
    }

    /// <summary>A requirement as a recipe has it: as it is written, without its hashes; paths from the directory.</summary>
    public static string Written(RequirementLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if ((line.WrittenPath ?? line.Source?.Path) is not { } path)
        {
            return line.Written ?? line.Requirement?.ToString() ?? "";
        }

        var extras = line.Extras.Count > 0 ? $"[{string.Join(',', line.Extras)}]" : "";
        return (path.StartsWith('.') || path.StartsWith('/') ? path : "./" + path)
            + extras
            + (line.Marker is { } marker ? $"; {marker}" : "");
    }
}

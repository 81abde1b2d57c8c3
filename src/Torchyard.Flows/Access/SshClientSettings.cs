using System.Buffers;
using System.Text;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Flows.Access;

/// <summary>
/// The line of <c>~/.ssh/config</c> with which ssh and all that starts it (scp, rsync, git, editors) find the environments of the store:
/// one <c>Include</c> of the files that containers have in their own directories, so that an entry goes with its container.
/// </summary>
/// <param name="host">Whose home directory, which store.</param>
internal sealed class SshClientSettings(Host host)
{
    /// <summary>Name of the file with a container's entry, in the container's own directory.</summary>
    public const string EntryName = "ssh_config";

    /// <summary>Code of the failure where the user's file cannot be changed.</summary>
    public const string NotChanged = "TY4121";

    private const string Comment = "# Torchyard's environments, as NAME.torchyard; 'torchyard ssh --config --remove' takes this out again.";
    private const int LargestFile = 1 << 20;

    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/.-_+,@"
    );

    private readonly OwnFile _file = new(FileOf(host));

    /// <summary>The user's file, where ssh looks for it.</summary>
    public string File => FileOf(host);

    /// <summary>The line.</summary>
    public string Line => "Include " + Pattern(host.Store.Containers, "/*/" + EntryName);

    /// <summary>True when the user's file has the line.</summary>
    public bool IsIncluded
    {
        get
        {
            try
            {
                return Read() is { } text && Places(Lines(text)).Any();
            }
            catch (TorchyardException)
            {
                // Whoever wants to change it is told why that cannot be; for all others it has no line.
                return false;
            }
        }
    }

    /// <summary>Puts the line at the top, where no <c>Host</c> or <c>Match</c> stands before it.</summary>
    /// <returns>False when it is there already.</returns>
    /// <exception cref="TorchyardException">TY4121: the file cannot be changed.</exception>
    public async Task<bool> AddAsync(CancellationToken cancellation)
    {
        using var alone = await LockAsync(cancellation);
        var text = Read();
        if (text is not null && Places(Lines(text)).Any())
        {
            return false;
        }

        // The empty line stands for a file that was there before, be it an empty one.
        Replace($"{Comment}\n{Bytes(Line)}\n{(text is null ? "" : "\n")}{text}");
        return true;
    }

    /// <summary>Takes the line out with what was written around it, so that the file is as before; one made for it goes.</summary>
    /// <returns>False when it is not there.</returns>
    /// <exception cref="TorchyardException">TY4121: the file cannot be changed.</exception>
    public async Task<bool> RemoveAsync(CancellationToken cancellation)
    {
        if (Read() is not { } found || !Places(Lines(found)).Any())
        {
            return false;
        }

        using var alone = await LockAsync(cancellation);
        var kept = Lines(Read() ?? "");
        var wasThere = false;
        foreach (var place in Places(kept).Reverse().ToList())
        {
            var isOurs = place > 0 && Trimmed(kept[place - 1]) == Comment;
            var first = isOurs ? place - 1 : place;
            // A line that the user wrote stands alone.
            var hasEmpty = isOurs && place + 1 < kept.Count - 1 && Trimmed(kept[place + 1]).Length == 0;
            wasThere |= hasEmpty || !isOurs;
            kept.RemoveRange(first, (hasEmpty ? place + 2 : place + 1) - first);
        }

        var rest = string.Join('\n', kept);
        if (rest.Length > 0 || wasThere || _file.IsLink)
        {
            Replace(rest);
        }
        else
        {
            Change(_file.Remove);
        }

        return true;
    }

    /// <summary>Asks ssh itself whether it finds an environment by its name.</summary>
    /// <param name="alias">The name.</param>
    /// <param name="container">Id of its container, which is in the paths that its entry names.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Why it does not; null when it does, or when there is no ssh to ask.</returns>
    public static async Task<string?> ProblemAsync(string alias, string container, CancellationToken cancellation)
    {
        if (HostProgram.Find("ssh") is not { } client)
        {
            return null;
        }

        var said = await HostCommand.RunAsync(client, ["-G", alias], bounds: ProgramBounds.Login, cancellation: cancellation);
        return said.ExitCode != 0 ? said.Error.Trim().Split('\n')[^1].Trim()
            : said.Output.Contains(container, StringComparison.Ordinal) ? null
            : "it reads ~/.ssh/config of the account, whatever HOME says, or other settings of yours decide for that name";
    }

    /// <summary>
    /// A pattern of glob(7) that means the path, with nothing in it that ssh_config(5) would read otherwise. Blanks and the like stand in
    /// quotes; for what no quotes help against in every version of ssh (quotes, backslashes, tokens, variables) stands <c>?</c>.
    /// </summary>
    /// <param name="path">The path.</param>
    /// <param name="below">What follows it, with nothing but letters, slashes and <c>*</c>.</param>
    internal static string Pattern(string path, string below)
    {
        var pattern = new StringBuilder(path.Length);
        var isQuoted = false;
        foreach (var letter in path)
        {
            isQuoted |= letter <= '~' && !Plain.Contains(letter);
            _ = letter switch
            {
                '[' or '*' => pattern.Append('[').Append(letter).Append(']'),
                '"' or '\'' or '\\' or '%' or '$' or '?' or < ' ' or '\u007f' => pattern.Append('?'),
                _ => pattern.Append(letter),
            };
        }

        pattern.Append(below);
        return isQuoted ? $"\"{pattern}\"" : pattern.ToString();
    }

    private static string FileOf(Host host) => Path.Combine(host.Caller.OwnHome, ".ssh", "config");

    private static List<string> Lines(string text) => [.. text.Split('\n')];

    // As ssh does: blanks around a line do not count, nor does the end of a line as Windows writes it.
    private static string Trimmed(string line) => line.Trim(' ', '\t', '\r');

    private IEnumerable<int> Places(List<string> lines)
    {
        var line = Bytes(Line);
        return Enumerable.Range(0, lines.Count).Where(index => Trimmed(lines[index]) == line);
    }

    // The file is handled as bytes, so that what is in another encoding stays as it is; a path has those of UTF-8.
    private static string Bytes(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private Task<FileLock> LockAsync(CancellationToken cancellation)
    {
        var directory = Path.Combine(host.Store.Root, "ssh");
        Directory.CreateDirectory(directory, (UnixFileMode)FileModes.PrivateDirectory);
        return FileLock.AcquireAsync(Path.Combine(directory, "config.lock"), exclusive: true, cancellation);
    }

    private string? Read()
    {
        try
        {
            return _file.Read(LargestFile) is { } content ? Encoding.Latin1.GetString(content) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or TorchyardException)
        {
            throw Refused(failure);
        }
    }

    private void Replace(string text) =>
        Change(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(File)!, (UnixFileMode)FileModes.PrivateDirectory);
            _file.Replace(Encoding.Latin1.GetBytes(text));
        });

    private void Change(Action change)
    {
        try
        {
            change();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or TorchyardException)
        {
            throw Refused(failure);
        }
    }

    private TorchyardException Refused(Exception failure) =>
        new(
            NotChanged,
            $"{File} cannot be read or changed: {failure.Message.TrimEnd('.')}",
            $"make it a file of your own, or put this line at its top yourself: {Line}",
            failure
        );
}

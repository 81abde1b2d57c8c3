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

    private const string Comment = "# Torchyard's environments, as NAME.torchyard; 'torchyard ssh --config --remove' takes this out again.";
    private const int LargestFile = 1 << 20;

    /// <summary>The user's file, where ssh looks for it.</summary>
    public string File => Path.Combine(host.Caller.Home, ".ssh", "config");

    /// <summary>The line.</summary>
    public string Line => "Include " + Pattern(Path.Combine(host.Store.Containers, "*", EntryName));

    /// <summary>True when the user's file has the line.</summary>
    public bool IsIncluded
    {
        get
        {
            try
            {
                return Read() is { } text && Lines(text).Contains(Line);
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
        var text = Read() ?? "";
        if (Lines(text).Contains(Line))
        {
            return false;
        }

        Replace($"{Comment}\n{Line}\n{(text.Length > 0 ? "\n" : "")}{text}");
        return true;
    }

    /// <summary>Takes the line out, with the comment before it; a file that had nothing else goes.</summary>
    /// <returns>False when it is not there.</returns>
    /// <exception cref="TorchyardException">TY4121: the file cannot be changed.</exception>
    public async Task<bool> RemoveAsync(CancellationToken cancellation)
    {
        if (Read() is not { } found || !Lines(found).Contains(Line))
        {
            return false;
        }

        using var alone = await LockAsync(cancellation);
        var kept = Lines(Read() ?? "").ToList();
        for (var place = kept.IndexOf(Line); place >= 0; place = kept.IndexOf(Line))
        {
            var first = place > 0 && kept[place - 1] == Comment ? place - 1 : place;
            // The empty line behind it was written with it.
            var end = place + 1 < kept.Count - 1 && kept[place + 1].Length == 0 ? place + 2 : place + 1;
            kept.RemoveRange(first, end - first);
        }

        Replace(string.Join('\n', kept));
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
    /// A pattern of glob(7) that means the path, with nothing in it that ssh_config(5) would read otherwise: what a version of ssh takes
    /// for a quote, a blank, a token or a variable is matched by <c>?</c>.
    /// </summary>
    internal static string Pattern(string path)
    {
        var pattern = new StringBuilder(path.Length);
        foreach (var letter in path)
        {
            pattern.Append(
                char.IsLetterOrDigit(letter) || letter is '/' or '.' or '-' or '_' or '+' or ',' or ':' or '@' or '*' ? letter : '?'
            );
        }

        return pattern.ToString();
    }

    private static string[] Lines(string text) => text.Split('\n');

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
            return RegularFile.TryRead(RealPath.Of(File), LargestFile) is { } content ? Encoding.Latin1.GetString(content) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or TorchyardException)
        {
            throw Refused(failure);
        }
    }

    // As bytes, so that a comment in another encoding stays as it is. The file may be a link into a directory of settings.
    private void Replace(string text)
    {
        try
        {
            var directory = Path.GetDirectoryName(File)!;
            Directory.CreateDirectory(directory, (UnixFileMode)FileModes.PrivateDirectory);
            var place = RealPath.Of(File);
            if (text.Length == 0 && place == Path.Combine(RealPath.Of(directory), Path.GetFileName(File)))
            {
                System.IO.File.Delete(place);
                return;
            }

            AtomicFile.Write(
                place,
                Encoding.Latin1.GetBytes(text),
                System.IO.File.Exists(place) ? System.IO.File.GetUnixFileMode(place) : (UnixFileMode)FileModes.Private
            );
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Refused(failure);
        }
    }

    private TorchyardException Refused(Exception failure) =>
        new(
            "TY4121",
            $"{File} cannot be read or changed: {failure.Message.TrimEnd('.')}",
            $"make it a file of your own, or put this line at its top yourself: {Line}",
            failure
        );
}

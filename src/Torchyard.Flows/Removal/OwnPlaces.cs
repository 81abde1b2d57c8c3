using System.Text;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Trust;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Removal;

/// <summary>A place outside of the store.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="IsDirectory">It is a directory of Torchyard's alone; else a script for a shell.</param>
internal sealed record OwnPlace(string Path, bool IsDirectory)
{
    private const string Mark = "# Completion of torchyard";
    private const int LargestScript = 1 << 20;

    /// <summary>True where there is what Torchyard wrote: its directory, or a script that says so.</summary>
    public bool IsThere
    {
        get
        {
            if (IsDirectory)
            {
                return Directory.Exists(Path);
            }

            try
            {
                return new OwnFile(Path).Read(LargestScript) is { } script
                    && Encoding.UTF8.GetString(script).Contains(Mark, StringComparison.Ordinal);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or TorchyardException)
            {
                // What cannot be read cannot be told to be Torchyard's.
                return false;
            }
        }
    }
}

/// <summary>
/// What of Torchyard's is outside of the store: the one list of it. Whatever else writes there has a line here, so that
/// <c>uninstall</c> leaves nothing.
/// </summary>
internal static class OwnPlaces
{
    /// <summary>Every place, whether or not there is anything.</summary>
    public static IEnumerable<OwnPlace> Of(Host host)
    {
        var directories = host.Caller.OwnDirectories;
        yield return new(TrustRecords.StateDirectory(host.Caller), IsDirectory: true);
        // Where the help and the pages say to write the scripts that 'torchyard completion' prints.
        yield return new(Path.Combine(directories.Data, "bash-completion/completions/torchyard"), IsDirectory: false);
        yield return new(Path.Combine(directories.Data, "zsh/site-functions/_torchyard"), IsDirectory: false);
        yield return new(Path.Combine(directories.Settings, "fish/completions/torchyard.fish"), IsDirectory: false);
        // Logins for registries.
        yield return new(Path.Combine(directories.Settings, "torchyard"), IsDirectory: true);
        // The libraries that the first compile made.
        yield return new(Path.Combine(directories.Cache, "torchyard"), IsDirectory: true);
        if (host.Caller.IsRoot && host.Files.IsLive)
        {
            yield return new("/etc/bash_completion.d/torchyard", IsDirectory: false);
        }
    }
}

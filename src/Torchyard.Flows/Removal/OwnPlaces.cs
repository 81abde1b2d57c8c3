using Torchyard.Flows.Hosts;
using Torchyard.Flows.Trust;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Removal;

/// <summary>
/// What of Torchyard's is outside of the store: the one list of it. Whatever else writes there has a line here, so that
/// <c>uninstall</c> leaves nothing.
/// </summary>
internal static class OwnPlaces
{
    private const string Mark = "# Completion of torchyard";
    private const int Beginning = 256;

    /// <summary>Every place, whether or not there is anything.</summary>
    public static IEnumerable<string> Of(Host host)
    {
        var caller = host.Caller;
        yield return TrustRecords.StateDirectory(caller);
        // Where the help and the pages say to write the scripts that 'torchyard completion' prints.
        var data = caller.Variable("XDG_DATA_HOME") is { Length: > 0 } named ? named : Path.Combine(caller.Home, ".local/share");
        var settings = caller.Variable("XDG_CONFIG_HOME") is { Length: > 0 } other ? other : Path.Combine(caller.Home, ".config");
        yield return Path.Combine(data, "bash-completion/completions/torchyard");
        yield return Path.Combine(data, "zsh/site-functions/_torchyard");
        yield return Path.Combine(settings, "fish/completions/torchyard.fish");
        var cache = caller.Variable("XDG_CACHE_HOME") is { Length: > 0 } third ? third : Path.Combine(caller.Home, ".cache");
        // The libraries that the first compile made.
        yield return Path.Combine(cache, "torchyard");
        if (caller.IsRoot && host.Files.IsLive)
        {
            yield return "/etc/bash_completion.d/torchyard";
            yield return "/run/torchyard";
        }
    }

    /// <summary>True for a place that has what Torchyard wrote: a directory of its own, or a script that says so.</summary>
    public static bool IsThere(string place)
    {
        if (Directory.Exists(place))
        {
            return true;
        }

        try
        {
            using var directory = ConfinedDirectory.TryOpen(Path.GetDirectoryName(place)!);
            using var file = directory?.OpenRead(Path.GetFileName(place));
            if (file is null)
            {
                return false;
            }

            var start = new byte[Beginning];
            var count = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
            return System.Text.Encoding.UTF8.GetString(start, 0, count).Contains(Mark, StringComparison.Ordinal);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or Platform.Errors.TorchyardException)
        {
            return false;
        }
    }
}

using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Torchyard.Containers.Sessions;
using Torchyard.Platform;

namespace Torchyard.Up;

/// <summary>How the host's ssh client logs in to an environment, and knows that it is the right one.</summary>
internal static class SshLogin
{
    private const int MaximumKeyFile = 16 * 1024;

    // Options of ssh(1) with a value.
    private static readonly SearchValues<char> WithValue = SearchValues.Create("BbcDEeFIiJLlmOopQRSWwP");

    // ssh takes it before the others, and the supervisor makes no other.
    private const string KeyType = "ssh-ed25519";

    /// <summary>
    /// The known_hosts file of an environment (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): its own host keys under its own name, so that
    /// neither the port nor another environment on the same address matters.
    /// </summary>
    /// <param name="serviceState">Host directory that the environment has as /var/lib/torchyard. Programs inside may write there, so nothing in it is followed or trusted to be well-formed.</param>
    /// <param name="alias">The name.</param>
    /// <exception cref="TorchyardException">TY4108: there is no host key yet.</exception>
    public static string KnownHosts(string serviceState, string alias)
    {
        var directory = new DirectoryInfo(Path.Combine(serviceState, "ssh"));
        var text = new StringBuilder();
        IEnumerable<FileInfo> files = directory.Exists && directory.LinkTarget is null ? directory.EnumerateFiles("*.pub") : [];
        foreach (var file in files.OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            if (file.LinkTarget is null && file.Length <= MaximumKeyFile && Key(File.ReadAllText(file.FullName)) is { } key)
            {
                text.Append(CultureInfo.InvariantCulture, $"{alias} {KeyType} {key}\n");
            }
        }

        return text.Length > 0
            ? text.ToString()
            : throw new TorchyardException("TY4108", $"there is no SSH host key in {directory.FullName}", "wait until 'torchyard up' has ended, then try again");
    }

    /// <summary>Arguments of ssh(1), without the program's own name.</summary>
    /// <param name="address">Where the server listens.</param>
    /// <param name="alias">Name of its host key.</param>
    /// <param name="knownHosts">File with the host key.</param>
    /// <param name="privateKey">Key to log in with, or null for the user's own.</param>
    /// <param name="rest">What the user gave: options of ssh, then a command.</param>
    public static IReadOnlyList<string> Arguments(
        ServiceAddress address, string alias, string knownHosts, string? privateKey, IReadOnlyList<string> rest)
    {
        // The destination may stand between ssh's options, but a command must follow it: options of the user's come first.
        var options = LeadingOptions(rest);
        return
        [
            "-p", address.Port.ToString(CultureInfo.InvariantCulture),
            "-l", "trainer",
            "-o", "HostKeyAlias=" + alias,
            "-o", "UserKnownHostsFile=" + Quote(knownHosts),
            "-o", "GlobalKnownHostsFile=/dev/null",
            "-o", "StrictHostKeyChecking=yes",
            "-o", "HostKeyAlgorithms=" + KeyType,
            .. privateKey is null ? (string[])[] : ["-i", privateKey, "-o", "IdentitiesOnly=yes"],
            .. rest.Take(options),
            address.Connect,
            .. rest.Skip(options),
        ];
    }

    /// <summary>The ssh client in a search path.</summary>
    /// <exception cref="TorchyardException">TY4110: there is none.</exception>
    public static string FindClient(string path) =>
        path.Split(':').Where(directory => directory.StartsWith('/')).Select(directory => Path.Combine(directory, "ssh")).FirstOrDefault(File.Exists)
            ?? throw new TorchyardException(
                "TY4110", "this machine has no ssh client", "apt-get install openssh-client, or dnf install openssh-clients; torchyard exec -it NAME bash needs none");

    /// <summary>Replaces this process with the client, so that the terminal and its signals are the client's own.</summary>
    /// <returns>What to throw when the kernel refused.</returns>
    public static TorchyardException Become(string client, IReadOnlyList<string> arguments) => new(
        "TY4110", $"{client} cannot be started: {ProcessReplacement.Execute(client, ["ssh", .. arguments])}", "check its mode, or install openssh-client");

    /// <summary>Count of words that are options of ssh with their values; <c>--</c> ends them.</summary>
    internal static int LeadingOptions(IReadOnlyList<string> words)
    {
        var index = 0;
        while (index < words.Count && words[index] is ['-', not '-', ..] word)
        {
            var letter = word.AsSpan(1).IndexOfAny(WithValue);
            index += letter == word.Length - 2 ? 2 : 1;
        }

        return Math.Min(index, words.Count);
    }

    private static string? Key(string text)
    {
        var fields = text.Split('\n', 2)[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length >= 2 && fields[0] == KeyType && Base64.IsValid(fields[1]) ? fields[1] : null;
    }

    // ssh_config(5): an argument with blanks stands in double quotes.
    private static string Quote(string path) => path.Contains(' ', StringComparison.Ordinal) ? $"\"{path}\"" : path;
}

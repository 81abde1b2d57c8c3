using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Text;

namespace Torchyard.Flows.Starting;

/// <summary>How the host's ssh client logs in to an environment, and knows that it is the right one.</summary>
internal static class SshLogin
{
    /// <summary>Code of the failure where there is no host key.</summary>
    public const string NoHostKey = "TY4108";

    private const int MaximumKeyFile = 16 * 1024;

    // Options of ssh(1) with a value.
    private static readonly SearchValues<char> WithValue = SearchValues.Create("BbcDEeFIiJLlmOopQRSWwP");

    private static readonly SearchValues<char> NeedsQuotes = SearchValues.Create(" \t#'\"\\=");

    // ssh takes it before the others, and the supervisor makes no other.
    private const string KeyType = "ssh-ed25519";

    /// <summary>
    /// The known_hosts file of an environment (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): its own host keys under its own name, so that
    /// neither the port nor another environment on the same address matters.
    /// </summary>
    /// <param name="serviceState">Host directory that the environment has as /var/lib/torchyard. Programs inside may write there, so
    /// nothing in it is followed or trusted to be well-formed.</param>
    /// <param name="alias">The name.</param>
    /// <exception cref="TorchyardException">TY4108: there is no host key yet.</exception>
    public static string KnownHosts(UntrustedDirectory serviceState, string alias)
    {
        using var state = serviceState.TryOpen();
        var text = new StringBuilder();
        var names = state?.Status("ssh") is { IsDirectory: true } ? state.List("ssh") : [];
        foreach (
            var file in names
                .Where(name => name.EndsWith(".pub", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(name => "ssh/" + name)
        )
        {
            if (
                state!.Status(file) is { IsRegular: true, Size: <= MaximumKeyFile }
                && Key(state.ReadText(file, MaximumKeyFile) ?? "") is { } key
            )
            {
                text.Append(CultureInfo.InvariantCulture, $"{alias} {KeyType} {key}\n");
            }
        }

        return text.Length > 0
            ? text.ToString()
            : throw new TorchyardException(
                NoHostKey,
                $"there is no SSH host key in {serviceState.Shown("ssh")}",
                "wait until 'torchyard up' has ended, then try again"
            );
    }

    /// <summary>Arguments of ssh(1), without the program's own name.</summary>
    /// <param name="address">Where the server listens.</param>
    /// <param name="alias">Name of its host key.</param>
    /// <param name="knownHosts">File with the host key.</param>
    /// <param name="privateKey">Key to log in with, or null for the user's own.</param>
    /// <param name="rest">What the user gave: options of ssh, then a command.</param>
    public static IReadOnlyList<string> Arguments(
        ServiceAddress address,
        string alias,
        string knownHosts,
        string? privateKey,
        IReadOnlyList<string> rest
    )
    {
        // The destination may stand between ssh's options, but a command must follow it: options of the user's come first.
        var options = LeadingOptions(rest);
        return
        [
            "-p",
            address.Port.ToString(CultureInfo.InvariantCulture),
            "-l",
            EnvironmentPlaces.User,
            .. HostKeyOptions(alias, knownHosts)
                .Concat(KeyOptions(privateKey))
                .SelectMany(option => (string[])["-o", $"{option.Key}={option.Value}"]),
            .. rest.Take(options),
            address.Connect,
            .. rest.Skip(options),
        ];
    }

    /// <summary>Settings of ssh_config(5) by which the host key, and no other, is accepted.</summary>
    /// <param name="alias">Name of the host key.</param>
    /// <param name="knownHosts">File with the host key.</param>
    public static IReadOnlyList<KeyValuePair<string, string>> HostKeyOptions(string alias, string knownHosts) =>
        [
            new("HostKeyAlias", alias),
            new("UserKnownHostsFile", Word(knownHosts)),
            new("GlobalKnownHostsFile", "/dev/null"),
            new("StrictHostKeyChecking", "yes"),
            new("HostKeyAlgorithms", KeyType),
            // All environments have one address, and none may add keys of its own to the file.
            new("CheckHostIP", "no"),
            new("UpdateHostKeys", "no"),
        ];

    /// <summary>Settings of ssh_config(5) for the key to log in with.</summary>
    /// <param name="privateKey">The key, or null for the user's own.</param>
    public static IReadOnlyList<KeyValuePair<string, string>> KeyOptions(string? privateKey) =>
        privateKey is null ? [] : [new("IdentityFile", Word(privateKey)), new("IdentitiesOnly", "yes")];

    /// <summary>The machine's ssh client.</summary>
    /// <param name="found">What was found.</param>
    /// <exception cref="TorchyardException">TY4110: there is none.</exception>
    public static HostProgram RequireClient(HostProgram? found) =>
        found
        ?? throw new TorchyardException(
            "TY4110",
            "this machine has no ssh client",
            "apt-get install openssh-client, or dnf install openssh-clients; torchyard exec -it NAME bash needs none"
        );

    /// <summary>Replaces this process with the client, so that the terminal and its signals are the client's own.</summary>
    /// <param name="client">The client.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="directory">The caller's working directory, which paths in options of ssh are relative to.</param>
    /// <returns>What to throw when the kernel refused.</returns>
    public static TorchyardException Become(HostProgram client, IReadOnlyList<string> arguments, string directory) =>
        new(
            "TY4110",
            $"{client} cannot be started: {ProcessReplacement.Execute(client, ["ssh", .. arguments], directory)}",
            "check its mode, or install openssh-client"
        );

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

    /// <summary>
    /// A path as ssh_config(5) takes it: '%' begins a token, quotes and backslashes have a meaning, and blanks end an argument.
    /// </summary>
    /// <exception cref="TorchyardException">TY4126: no version of ssh can be told of it.</exception>
    internal static string Word(string path)
    {
        // ssh replaces a variable in quotes as well, and a setting ends with its line.
        if (path.Contains("${", StringComparison.Ordinal) || path.AsSpan().IndexOfAny('\n', '\r') >= 0)
        {
            throw new TorchyardException(
                "TY4126",
                $"ssh cannot be told of {VisibleText.Of(path)}, which has '${{' or a line break in it",
                "choose another store with --store DIR or TORCHYARD_STORE"
            );
        }

        var text = path.Replace("%", "%%", StringComparison.Ordinal);
        return text.AsSpan().IndexOfAny(NeedsQuotes) < 0
            ? text
            : $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }
}

using System.Globalization;
using System.Text;
using Torchyard.Supervisor.Events;
using Torchyard.Supervisor.Native;
using Torchyard.Supervisor.Services;

namespace Torchyard.Supervisor.Preparation;

/// <summary>Host key, authorized keys and configuration of sshd for this start.</summary>
internal sealed class SshPreparation(Places places, IReadOnlyDictionary<string, string> supervisorEnvironment)
{
    /// <summary>Variables that a login sets for itself, or that would tell a session a secret of the supervisor.</summary>
    private static readonly HashSet<string> NotForSessions = new(StringComparer.Ordinal)
    {
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "TERM",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
        "MAIL",
        "TORCHYARD_AUTHORIZED_KEYS",
        "JUPYTER_TOKEN",
    };

    public void Prepare(Service service, Dictionary<string, string> environment)
    {
        var run = places.Run ?? throw new ServiceStartException("SSH needs a writable /run/torchyard", permanent: true);
        var state = places.State
            ?? throw new ServiceStartException("SSH needs a writable /var/lib/torchyard for its host key", permanent: true);
        var user = Libc.UserId();
        if (PasswdLine.Find(user) is null)
        {
            throw new ServiceStartException(
                $"sshd only serves users of /etc/passwd, and {user} is none: start the container as "
                    + "user 1000, or mount a passwd file with that id",
                permanent: true
            );
        }

        if (user == 0)
        {
            PosixFile.EnsureDirectory("/run/sshd", 0b111_101_101);
        }

        var hostKey = EnsureHostKey(state, environment);
        var keys = run + "/authorized_keys";
        var given = supervisorEnvironment.GetValueOrDefault("TORCHYARD_AUTHORIZED_KEYS") ?? "";
        PosixFile.Write(keys, Encoding.UTF8.GetBytes(given.Length == 0 ? "" : given.Trim() + "\n"), 0b110_000_000);
        PosixFile.Write(
            run + "/sshd_config",
            Encoding.UTF8.GetBytes(Configuration(service, hostKey, [keys, state + "/authorized_keys"], environment)),
            0b110_000_000
        );
    }

    internal static string Configuration(Service service, string hostKey, string[] keys, IReadOnlyDictionary<string, string> environment)
    {
        var listen = service.Listen == "localhost" ? "127.0.0.1" : service.Listen;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Port {service.Port}\nListenAddress {listen}\nHostKey {Quote(hostKey)}\n");
        text.Append("AuthorizedKeysFile ").AppendJoin(' ', keys.Select(Quote)).Append(" %h/.ssh/authorized_keys\n");
        var variables = environment
            .Where(pair => IsForSessions(pair.Key, pair.Value))
            .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
        if (variables.TryGetValue("PATH", out var path))
        {
            variables["TORCHYARD_PATH"] = path;
        }

        // One line: of several SetEnv only the first counts.
        text.Append("SetEnv");
        foreach (var (name, value) in variables.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            text.Append(' ').Append(Quote(name + "=" + value));
        }

        text.Append('\n');
        if (service.Definition.Configuration is { } configuration)
        {
            text.Append("Include ").Append(Quote(configuration)).Append('\n');
        }

        return text.ToString();
    }

    private static bool IsForSessions(string name, string value) =>
        name.Length > 0
        && !NotForSessions.Contains(name)
        && !name.StartsWith("SSH_", StringComparison.Ordinal)
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
        && !value.Any(char.IsControl);

    /// <summary>An argument as sshd's parser of words takes it back (argv_split in OpenSSH's misc.c).</summary>
    private static string Quote(string word) =>
        "\"" + word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";

    private static string EnsureHostKey(string state, Dictionary<string, string> environment)
    {
        var directory = state + "/ssh";
        var key = directory + "/ssh_host_ed25519_key";
        if (PosixFile.Exists(key))
        {
            return key;
        }

        PosixFile.EnsureDirectory(directory, 0b111_000_000);
        Libc.Unlink(key + ".new");
        Libc.Unlink(key + ".new.pub");
        Helper.Run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "torchyard", "-f", key + ".new"],
            ServiceEnvironment.Lines(environment),
            "add the package openssh-server to the recipe"
        );
        // The key itself comes last: with it the pair is there.
        if (Libc.Rename(key + ".new.pub", key + ".pub") != 0 || Libc.Rename(key + ".new", key) != 0)
        {
            throw PosixException.Last("cannot keep the host key in " + directory);
        }

        return key;
    }
}

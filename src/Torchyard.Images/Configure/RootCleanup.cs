using Torchyard.Images.Files;

namespace Torchyard.Images.Configure;

/// <summary>Takes out of a configured layer what differs from run to run, or must never be shared by the copies of an image.</summary>
internal static class RootCleanup
{
    // What maintainer scripts and dpkg leave: identity of the machine, caches, locks, backups of dpkg's files.
    private static readonly string[] Paths =
    [
        "etc/machine-id", "var/lib/dbus/machine-id", "etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/mtab",
        "var/lib/systemd/random-seed", "var/lib/systemd/credential.secret",
        "var/cache/ldconfig", "var/lib/torchyard-calls", "var/lib/torchyard-files", "usr/sbin/policy-rc.d",
        "var/lib/dpkg/lock", "var/lib/dpkg/lock-frontend", "var/lib/dpkg/triggers/Lock",
        "var/lib/dpkg/status-old", "var/lib/dpkg/diversions-old", "var/lib/dpkg/statoverride-old", "var/lib/dpkg/available-old",
        "var/cache/debconf/config.dat-old", "var/cache/debconf/templates.dat-old", "var/cache/debconf/passwords.dat-old",
        "root/.cache", "root/.wget-hsts", "root/.bash_history",
    ];

    // Directories whose content is never part of an image.
    private static readonly string[] Emptied = ["tmp", "var/tmp", "run", "proc", "sys", "dev", "var/cache/apt", "var/lib/apt/lists", "var/lib/dpkg/updates"];

    private static readonly string[] Logs = ["dpkg.log", "alternatives.log", "bootstrap.log", "fontconfig.log", "faillog", "apt"];

    internal static void Clean(UpperDirectory upper)
    {
        foreach (var path in Paths)
        {
            upper.Forget(path);
        }

        foreach (var log in Logs)
        {
            upper.Forget("var/log/" + log);
        }

        foreach (var directory in Emptied)
        {
            foreach (var entry in Entries(upper, directory))
            {
                upper.Forget($"{directory}/{entry}");
            }
        }

        // Every copy of the image would share them; the supervisor makes them at first start, on the state mount.
        foreach (var key in Entries(upper, "etc/ssh").Where(name => name.StartsWith("ssh_host_", StringComparison.Ordinal)))
        {
            upper.Forget("etc/ssh/" + key);
        }
    }

    private static IEnumerable<string> Entries(UpperDirectory upper, string directory)
    {
        var place = $"{upper.Path}/{directory}";
        return Posix.TryStat(Posix.CurrentDirectory, place, out var stat) && stat.Type == Posix.TypeDirectory
            ? [.. Directory.EnumerateFileSystemEntries(place).Select(ArchivePath.Name)]
            : [];
    }
}

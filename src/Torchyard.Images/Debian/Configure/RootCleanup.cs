using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Debian.Configure;

/// <summary>Takes out of a configured layer what differs from run to run, or must never be shared by the copies of an image.</summary>
internal static class RootCleanup
{
    // What maintainer scripts and dpkg leave: identity of the machine, caches, locks, backups of dpkg's files.
    private static readonly string[] Paths =
    [
        "etc/machine-id",
        "var/lib/dbus/machine-id",
        "etc/hostname",
        "etc/hosts",
        "etc/resolv.conf",
        "etc/mtab",
        "var/lib/systemd/random-seed",
        "var/lib/systemd/credential.secret",
        "var/cache/ldconfig",
        "var/lib/torchyard-calls",
        "var/lib/torchyard-files",
        "usr/sbin/policy-rc.d",
        "var/lib/dpkg/lock",
        "var/lib/dpkg/lock-frontend",
        "var/lib/dpkg/triggers/Lock",
        "var/lib/dpkg/status-old",
        "var/lib/dpkg/diversions-old",
        "var/lib/dpkg/statoverride-old",
        "var/lib/dpkg/available-old",
        "var/cache/debconf/config.dat-old",
        "var/cache/debconf/templates.dat-old",
        "var/cache/debconf/passwords.dat-old",
        "root/.cache",
        "root/.wget-hsts",
        "root/.bash_history",
    ];

    // Directories whose content is never part of an image.
    private static readonly string[] Emptied =
    [
        "tmp",
        "var/tmp",
        "run",
        "proc",
        "sys",
        "dev",
        "var/cache/apt",
        "var/lib/apt/lists",
        "var/lib/dpkg/updates",
    ];

    private static readonly string[] Logs = ["dpkg.log", "alternatives.log", "bootstrap.log", "fontconfig.log", "faillog", "apt"];

    /// <summary>Cleans what a stage changed.</summary>
    /// <param name="upper">The stage's upper directory; no program runs in it any more.</param>
    /// <param name="packages">Packages of the stage.</param>
    /// <param name="epoch">The moment that counts for all.</param>
    /// <returns>
    /// What was taken out that its package does not get back at the first start, and what depends on the clock all the same, one line each.
    /// </returns>
    internal static IReadOnlyList<string> Clean(UpperDirectory upper, IReadOnlyList<UnpackedPackage> packages, long epoch)
    {
        foreach (var step in FirstStart.TakenOut(packages.Select(package => package.Package.Name)))
        {
            foreach (var path in step.Removed)
            {
                upper.RemoveTree(path);
            }

            foreach (var directory in step.Emptied)
            {
                Empty(upper, directory);
            }
        }

        return Clean(upper, epoch, path =>
        {
            var maker = PrivateKeys.Maker(path, packages) is { } name
                ? $"package {name}"
                : $"one of {Count.Of(packages.Count, "package")} from {packages[0].Package.Name} on";
            return $"{maker} made while it was configured";
        });
    }

    /// <summary>Cleans what some programs changed.</summary>
    /// <param name="upper">The upper directory; no program runs in it any more.</param>
    /// <param name="epoch">The moment that counts for all.</param>
    /// <param name="madeBy">Who made a secret, given its path: <c>package x made while it was configured</c>.</param>
    /// <returns>The secrets that were taken out, one line each.</returns>
    internal static IReadOnlyList<string> Clean(UpperDirectory upper, long epoch, Func<string, string> madeBy)
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
            Empty(upper, directory);
        }

        // Every copy of the image would share them; the supervisor makes them at first start, on the state mount.
        foreach (var key in upper.Names("etc/ssh").Where(name => name.StartsWith("ssh_host_", StringComparison.Ordinal)))
        {
            upper.Forget("etc/ssh/" + key);
        }

        using var changes = ConfinedDirectory.Open(upper.Path);
        RemoveDanglingHashes(upper, changes);
        var unsettled = TexTree.Settle(upper, changes, epoch);
        SettleKeyStore(upper, changes, epoch);
        RemoveLeavings(upper, changes, "", isLog: false);
        return [.. unsettled, .. RemoveKeys(upper, changes, madeBy)];
    }

    private static void Empty(UpperDirectory upper, string directory)
    {
        foreach (var entry in upper.Names(directory))
        {
            upper.Forget($"{directory}/{entry}");
        }
    }

    /// <summary>Removes links by hash to the certificate of ssl-cert, which goes with its key.</summary>
    private static void RemoveDanglingHashes(UpperDirectory upper, ConfinedDirectory changes)
    {
        const string Certificates = "etc/ssl/certs";
        foreach (var name in upper.Names(Certificates).Where(name => changes.ReadLink($"{Certificates}/{name}") == "ssl-cert-snakeoil.pem"))
        {
            upper.Forget($"{Certificates}/{name}");
        }
    }

    private static void SettleKeyStore(UpperDirectory upper, ConfinedDirectory changes, long epoch)
    {
        if (
            upper.Names(ArchivePath.Parent(JavaKeyStore.Path)).Contains(ArchivePath.Name(JavaKeyStore.Path), StringComparer.Ordinal)
            && changes.Status(JavaKeyStore.Path) is { IsRegular: true } file
            && changes.ReadBytes(JavaKeyStore.Path, JavaKeyStore.LargestFile) is { } store
            && JavaKeyStore.Settled(store, epoch) is { } settled
        )
        {
            upper.Write(JavaKeyStore.Path, settled, (int)file.Permissions, file.User, file.Group, epoch);
        }
    }

    /// <summary>
    /// Removes sockets, which are nothing without their process and which no layer has, and empties logs of what was done while the image
    /// was made.
    /// </summary>
    private static void RemoveLeavings(UpperDirectory upper, ConfinedDirectory changes, string directory, bool isLog)
    {
        foreach (var name in changes.List(directory))
        {
            var path = directory.Length == 0 ? name : $"{directory}/{name}";
            if (changes.Status(path) is not { } facts)
            {
                continue;
            }

            if (facts.IsDirectory)
            {
                RemoveLeavings(upper, changes, path, isLog || path == "var/log");
            }
            else if (facts.IsSocket)
            {
                upper.Forget(path);
            }
            else if (isLog && facts is { IsRegular: true, Size: > 0 })
            {
                upper.Write(path, [], (int)facts.Permissions, facts.User, facts.Group);
            }
        }
    }

    private static List<string> RemoveKeys(UpperDirectory upper, ConfinedDirectory changes, Func<string, string> madeBy)
    {
        var told = new List<string>();
        using var below = new OverlayView(upper.Lower);
        foreach (var path in PrivateKeys.Find(changes))
        {
            // Of a package's own file everybody has the content; a script may still give it another owner.
            if (below.Status(path) is { IsRegular: true } && below.ReadText(path) == changes.ReadText(path, PrivateKeys.LargestKeyFile))
            {
                continue;
            }

            upper.Forget(path);
            told.Add(
                $"taken out of the image: /{path}, a secret that {madeBy(path)}; every copy of the image would share it, so make it in "
                    + "the container"
            );
        }

        return told;
    }
}

using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// Finds out by trying whether this machine lets root's containers have ids of their own: layers shown with other ids below an overlay
/// (Linux 5.19, and a file system that can), and <c>/proc</c> and <c>/sys</c> mounted inside (not in a container of another engine that
/// hides parts of them).
/// </summary>
internal static class UserNamespaceSupport
{
    private const string Prefix = "user-namespaces-";
    private const int LongestPath = 4096;

    /// <summary>
    /// Why root's containers share the machine's ids here; null when they do not have to. What works is tried once until the next boot.
    /// </summary>
    public static string? Missing(StorePaths store, CgroupCover cover)
    {
        try
        {
            var stage = Stage.Ensure();
            var verdict = Path.Combine(Stage.Facts, VerdictOf(store));
            if (File.Exists(verdict))
            {
                return null;
            }

            var missing = Try(store, stage, cover);
            if (missing is null)
            {
                RemoveStale(Stage.Facts);
                AtomicFile.WriteText(verdict, store.Root);
            }

            return missing;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or TorchyardException)
        {
            return error.Message;
        }
    }

    /// <summary>Name of the file that says for a store that it works there.</summary>
    internal static string VerdictOf(StorePaths store) => Prefix + Digest.Of(System.Text.Encoding.UTF8.GetBytes(store.Root)).Hex[..16];

    /// <summary>Removes what was found out for stores that are gone; root alone may write where this is kept.</summary>
    /// <param name="directory">Where it is kept.</param>
    internal static void RemoveStale(string directory)
    {
        foreach (var file in Directory.EnumerateFiles(directory, Prefix + "*"))
        {
            // Of an earlier version where it is empty.
            if (RegularFile.TryReadText(file, LongestPath) is not { Length: > 0 } root || !Directory.Exists(root))
            {
                File.Delete(file);
            }
        }
    }

    private static string? Try(StorePaths store, string stage, CgroupCover cover)
    {
        using var work = BuildDirectory.Create(store);
        var trial = work.Path;
        foreach (var name in new[] { "lower", "upper", "work" })
        {
            Directory.CreateDirectory(Path.Combine(trial, name));
        }

        var source = Torchyard.Containers.Namespaces.SourcePath.Resolve(trial, [], trial);
        IdRange[] rows = [new(0, ContainerIds.Parking, ContainerIds.Width)];
        var plan = new NamespacePlan
        {
            CgroupCover = cover,
            Stage = stage,
            Trees =
            [
                new TreePlan
                {
                    Source = Path.Combine(source, "lower"),
                    Name = "l0",
                    Recursive = false,
                    Ids = new IdMapping(rows, rows, Full: true),
                },
                new TreePlan
                {
                    Source = source,
                    Name = "c",
                    Recursive = false,
                },
            ],
            Overlay = new OverlayPlan
            {
                Directory = null,
                Lower = ["l0"],
                Upper = "c/upper",
                Work = "c/work",
                Target = Path.Combine(stage, "rootfs"),
            },
        };
        var start = HostProcess.Prepare(
            HostProgram.Require("unshare"),
            "/",
            "--user",
            "--map-root-user",
            "--mount",
            "--pid",
            "--net",
            "--fork",
            "--kill-child",
            "--",
            HostProgram.Require("sh").Path,
            "-c",
            "mount -t proc proc /proc && mount -t sysfs sysfs /sys"
        );
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using var process = NamespaceLauncher.StartAsRoot(plan, start);
        process.StandardInput.Close();
        HostProcess.Wait(process, ProgramBounds.Answer, "unshare");
        var error = HostProcess.RemainderAsync(process.StandardError).GetAwaiter().GetResult().Trim();
        return process.ExitCode == 0 ? null
            : error.Length > 0 ? error.Split('\n')[^1]
            : "a user namespace with its own /proc and /sys cannot be made";
    }
}

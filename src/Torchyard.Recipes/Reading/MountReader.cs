using Torchyard.Platform.Files;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary>Reads <c>[[mounts]]</c>.</summary>
internal static class MountReader
{
    // What the container itself needs; a mount there would hide it.
    private static readonly string[] Reserved =
    [
        "/proc",
        "/sys",
        "/dev",
        "/run/torchyard",
        EnvironmentPlaces.State,
        SharedCache.Root,
        "/usr",
        "/etc",
    ];

    public static IReadOnlyList<MountSetting> Read(IReadOnlyList<TomlTableReader> tables)
    {
        var mounts = new List<MountSetting>();
        foreach (var table in tables)
        {
            var mount = new MountSetting(table.RequiredText("source"), table.RequiredText("target"), table.Flag("read-only") ?? false);
            table.Finish();
            if (mount.Source.Length == 0 || mount.Source.Contains('\0', StringComparison.Ordinal))
            {
                throw table.Wrong("source", "the source of a mount is empty", "give a directory, such as \"./data\" or \"~/data\"");
            }

            if (mount.Source[0] == '$' || (mount.Source[0] == '~' && mount.Source.Length > 1 && mount.Source[1] != '/'))
            {
                throw table.Wrong(
                    "source",
                    $"'{mount.Source}' begins with what a shell would replace; a recipe knows '~/', your home directory, alone",
                    $"write the path itself, or begin it with \"~/\"; a directory of the project that has this name is \"./{mount.Source}\""
                );
            }

            var target = CheckTarget(table, mount.Target);
            if (mounts.Any(other => other.Target == target))
            {
                throw table.Wrong(
                    "target",
                    $"two mounts have the target {target}",
                    "remove one of them, or give it another target",
                    "TY1007"
                );
            }

            mounts.Add(mount with { Target = target });
        }

        return mounts;
    }

    private static string CheckTarget(TomlTableReader table, string target)
    {
        if (!target.StartsWith('/') || target.Contains('\0', StringComparison.Ordinal))
        {
            throw table.Wrong(
                "target",
                $"the target '{target}' is not absolute",
                $"begin it with a slash, such as \"{EnvironmentPlaces.Workspace}/{target.TrimStart('.', '/')}\""
            );
        }

        if (target.Split('/').Contains(".."))
        {
            throw table.Wrong("target", $"the target '{target}' has '..'", "write the path without it");
        }

        var clean = Path.GetFullPath(target);
        clean = clean.Length > 1 ? clean.TrimEnd('/') : clean;
        var reserved = Array.Find(Reserved, path => clean == path || clean.StartsWith(path + "/", StringComparison.Ordinal));
        return clean == "/" || reserved is not null
            ? throw table.Wrong(
                "target",
                $"{clean} belongs to the environment itself",
                "choose a target such as /workspace/data or /mnt/data"
            )
            : clean;
    }
}

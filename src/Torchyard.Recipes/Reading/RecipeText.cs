using System.Globalization;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary>
/// Writes a recipe as TOML in canonical form: every key that differs from nothing, fixed order, so that equal recipes give equal bytes.
/// </summary>
internal static class RecipeText
{
    /// <summary>The whole recipe; <see cref="RecipeReader"/> reads it back to an equal one.</summary>
    public static string Write(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var text = new TomlText();
        Write(text, recipe, "");
        return text.ToString();
    }

    /// <summary>Writes the recipe's keys below a table.</summary>
    /// <param name="text">Gets the keys.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="prefix">Path of the table with a final dot, or empty.</param>
    internal static void Write(TomlText text, Recipe recipe, string prefix)
    {
        text.Add("name", recipe.Name);
        text.Add("packages", recipe.Packages);
        text.Add("recommends", recipe.Recommends);
        WriteBase(text, recipe.Base, prefix + "base");
        ArchivesReader.Write(text, recipe.Archives, prefix + "archives");
        foreach (var section in RecipeSections.All)
        {
            section.Write(text, recipe, prefix + section.Table);
        }

        WriteSteps(text, recipe, prefix);
        WriteServices(text, recipe.Services, prefix + "services");
        WriteRunning(text, recipe, prefix);
        WriteImage(text, recipe.Image, prefix + "image");
    }

    /// <summary>Writes what an environment has when it runs: variables, caches, mounts and limits; nothing of what is not said.</summary>
    /// <param name="text">Gets the keys.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="prefix">Path of the table with a final dot, or empty.</param>
    internal static void WriteRunning(TomlText text, Recipe recipe, string prefix)
    {
        WriteEnvironment(text, recipe.Environment, prefix + "environment");
        if (recipe.Caches.Count > 0)
        {
            text.Header(prefix + "caches").Add("shared", [.. recipe.Caches.Select(cache => cache.Name)]);
        }

        foreach (var mount in recipe.Mounts)
        {
            text.ArrayHeader(prefix + "mounts").Add("source", mount.Source).Add("target", mount.Target).Add("read-only", mount.ReadOnly);
        }

        WriteLimits(text, recipe.Limits, prefix + "limits");
    }

    /// <summary>Writes what of a base system, its suite aside, is not so anyway.</summary>
    internal static void WriteOwn(TomlText text, DebianBase settings)
    {
        var usual = new DebianBase { Suite = settings.Suite };
        foreach (
            var (key, values, usually) in new[]
            {
                ("components", settings.Components, usual.Components),
                ("mirrors", settings.Mirrors, usual.Mirrors),
                ("extra-suites", settings.ExtraSuites, usual.ExtraSuites),
                ("keyrings", settings.Keyrings, usual.Keyrings),
            }
        )
        {
            if (!values.SequenceEqual(usually))
            {
                text.Add(key, values);
            }
        }

        if (settings.Security != usual.Security)
        {
            text.Add("security", settings.Security);
        }

        text.Add("snapshot", settings.Snapshot).Add("image", settings.Image);
    }

    /// <summary>Writes what of an image, its variables and labels aside, is not so anyway.</summary>
    internal static void WriteOwn(TomlText text, ImageSettings image, string path)
    {
        var usual = new ImageSettings();
        if (
            (image.Tag, image.Compression, image.LayerBudget) == (usual.Tag, usual.Compression, usual.LayerBudget)
            && image.Level == usual.Level
        )
        {
            return;
        }

        text.Header(path)
            .Add("tag", image.Tag)
            .Add("compression", Name(image.Compression))
            .Add("level", image.Level)
            .Add("layer-budget", image.LayerBudget);
    }

    private static void WriteBase(TomlText text, DebianBase settings, string path) =>
        text.Header(path)
            .Add("suite", settings.Suite.Length > 0 ? settings.Suite : null)
            .Add("image", settings.Image)
            .Add("architecture", settings.Architecture)
            .Add("components", settings.Components)
            .Add("mirrors", settings.Mirrors)
            .Add("extra-suites", settings.ExtraSuites)
            .Add("security", settings.Security)
            .Add("snapshot", settings.Snapshot)
            .Add("keyrings", settings.Keyrings);

    /// <summary>Files and commands of the recipe's own.</summary>
    private static void WriteSteps(TomlText text, Recipe recipe, string prefix)
    {
        foreach (var files in recipe.Files)
        {
            text.ArrayHeader(prefix + "files")
                .Add("source", files.Source)
                .Add("target", files.Target)
                .Add("mode", files.Mode is { } mode ? FilesSetting.Text(mode) : null);
        }

        foreach (var step in recipe.Run)
        {
            text.ArrayHeader(prefix + "run")
                .Add("name", step.Name)
                .Add("command", step.Command)
                .AddMap(prefix + "run.environment", step.Environment);
        }
    }

    /// <summary>Writes services.</summary>
    internal static void WriteServices(TomlText text, ServiceSettings services, string path)
    {
        if (services.Jupyter is { } jupyter)
        {
            text.Header(path + ".jupyter").Add("port", jupyter.Port).Add("listen", jupyter.Listen);
        }

        if (services.Ssh is { } ssh)
        {
            text.Header(path + ".ssh").Add("port", ssh.Port).Add("listen", ssh.Listen);
        }

        if (services.TensorBoard is { } board)
        {
            text.Header($"{path}.{TensorBoardSettings.Name}")
                .Add("port", board.Port)
                .Add("listen", board.Listen)
                .Add("logdir", board.Logdir);
        }

        foreach (var own in services.Own.OrderBy(service => service.Name, StringComparer.Ordinal))
        {
            text.Header($"{path}.{own.Name}")
                .Add("command", own.Command)
                .Add("port", own.Port)
                .Add("listen", own.Listen)
                .Add("directory", own.Directory)
                .Add(
                    "ready",
                    own.Ready switch
                    {
                        ServiceReady.Tcp => "tcp",
                        ServiceReady.Http => "http:" + own.ReadyPath,
                        _ => "none",
                    }
                )
                .Add(
                    "restart",
                    own.Restart switch
                    {
                        ServiceRestart.OnFailure => "on-failure",
                        ServiceRestart.Never => "never",
                        _ => "always",
                    }
                )
                .AddMap($"{path}.{own.Name}.environment", own.Environment);
        }
    }

    private static void WriteEnvironment(TomlText text, EnvironmentSettings settings, string path)
    {
        if (settings.IsEmpty)
        {
            return;
        }

        text.Header(path).Add("pass", [.. settings.Pass.Select(variable => variable.Text)]);
        foreach (var (name, value) in settings.Variables.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            text.Add(name, value);
        }
    }

    private static void WriteLimits(TomlText text, LimitSettings limits, string path)
    {
        if (limits == new LimitSettings())
        {
            return;
        }

        text.Header(path)
            .Add("memory", Size(limits.Memory, limits.MemoryShare))
            .Add("cpus", limits.Cpus)
            .Add("shared-memory", Size(limits.SharedMemory, limits.SharedMemoryShare))
            .Add("processes", limits.Processes)
            .Add("gpus", limits.Gpus)
            .Add("idle-release", limits.IdleRelease is { } time ? IdleTime.Written(time) : null);
    }

    private static string? Size(long? bytes, double? share) =>
        bytes is { } size ? size.ToString(CultureInfo.InvariantCulture)
        // Through decimal, so that 0.07 stays 7 and does not become 7.000000000000001.
        : share is { } part ? ((decimal)part * 100).ToString("0.############", CultureInfo.InvariantCulture) + "%"
        : null;

    private static void WriteImage(TomlText text, ImageSettings image, string path) =>
        text.Header(path)
            .Add("tag", image.Tag)
            .Add("compression", Name(image.Compression))
            .Add("level", image.Level)
            .Add("layer-budget", image.LayerBudget)
            .AddMap(path + ".environment", image.Environment)
            .AddMap(path + ".labels", image.Labels);

    private static string Name(LayerCompression compression) => compression == LayerCompression.Gzip ? "gzip" : "zstd";
}

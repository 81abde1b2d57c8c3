using System.Globalization;
using Torchyard.Recipes.Toml;

namespace Torchyard.Recipes;

/// <summary>Writes a recipe as TOML in canonical form: every key that differs from nothing, fixed order, so that equal recipes give equal bytes.</summary>
public static class RecipeText
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
        if (recipe.Python is { } python)
        {
            WritePython(text, python, prefix + "python");
        }

        if (recipe.Fit is { } fit)
        {
            WriteFit(text, fit, prefix + "fit");
        }

        if (recipe.Cudnn is { } cudnn)
        {
            WriteCudnn(text, cudnn, prefix + "cudnn");
        }

        if (recipe.CudaCompat is { } compat)
        {
            WriteCudaCompat(text, compat, prefix + "cuda-compat");
        }

        WriteServices(text, recipe.Services, prefix + "services");
        foreach (var mount in recipe.Mounts)
        {
            text.ArrayHeader(prefix + "mounts").Add("source", mount.Source).Add("target", mount.Target).Add("read-only", mount.ReadOnly);
        }

        WriteLimits(text, recipe.Limits, prefix + "limits");
        WriteImage(text, recipe.Image, prefix + "image");
    }

    private static void WriteBase(TomlText text, DebianBase settings, string path) => text.Header(path)
        .Add("suite", settings.Suite)
        .Add("architecture", settings.Architecture)
        .Add("components", settings.Components)
        .Add("mirrors", settings.Mirrors)
        .Add("extra-suites", settings.ExtraSuites)
        .Add("security", settings.Security)
        .Add("snapshot", settings.Snapshot)
        .Add("keyrings", settings.Keyrings);

    private static void WritePython(TomlText text, PythonSettings python, string path) => text.Header(path)
        .Add("packages", python.Packages)
        .Add("requirements", python.Requirements)
        .Add("pyproject", python.Pyproject)
        .Add("pyproject-extras", python.PyprojectExtras)
        .Add("pylock", python.Pylock)
        .Add("constraints", python.Constraints)
        .Add("indexes", python.Indexes)
        .Add("extra-indexes", python.ExtraIndexes)
        .Add("find-links", python.FindLinks)
        .Add("only-binary", python.OnlyBinary)
        .Add("build-packages", python.BuildPackages);

    private static void WriteFit(TomlText text, FitSettings fit, string path) => text.Header(path)
        .Add("gpus", fit.Gpus)
        .Add("driver", fit.Driver)
        .Add("torch", fit.Torch)
        .Add("build", fit.Build)
        .Add("fleet", fit.Fleet);

    private static void WriteCudnn(TomlText text, CudnnSettings cudnn, string path) => text.Header(path)
        .Add("accept-license", cudnn.AcceptLicense)
        .Add("version", cudnn.Version)
        .Add("mirrors", cudnn.Mirrors)
        .Add("archive", cudnn.Archive);

    private static void WriteCudaCompat(TomlText text, CudaCompatSettings compat, string path) => text.Header(path)
        .Add("accept-license", compat.AcceptLicense)
        .Add("release", compat.Release)
        .Add("mirrors", compat.Mirrors)
        .Add("archive", compat.Archive);

    private static void WriteServices(TomlText text, ServiceSettings services, string path)
    {
        if (services.Jupyter is { } jupyter)
        {
            text.Header(path + ".jupyter").Add("port", jupyter.Port).Add("listen", jupyter.Listen);
        }

        if (services.Ssh is { } ssh)
        {
            text.Header(path + ".ssh").Add("port", ssh.Port).Add("listen", ssh.Listen);
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
            .Add("gpus", limits.Gpus);
    }

    private static string? Size(long? bytes, double? share) =>
        bytes is { } size ? size.ToString(CultureInfo.InvariantCulture)
        // Through decimal, so that 0.07 stays 7 and does not become 7.000000000000001.
        : share is { } part ? ((decimal)part * 100).ToString("0.############", CultureInfo.InvariantCulture) + "%"
        : null;

    private static void WriteImage(TomlText text, ImageSettings image, string path) => text.Header(path)
        .Add("tag", image.Tag)
        .Add("compression", image.Compression == LayerCompression.Gzip ? "gzip" : "zstd")
        .Add("level", image.Level)
        .Add("layer-budget", image.LayerBudget)
        .AddMap(path + ".environment", image.Environment)
        .AddMap(path + ".labels", image.Labels);
}

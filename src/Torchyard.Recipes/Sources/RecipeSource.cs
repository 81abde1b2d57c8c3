using Torchyard.Platform.Errors;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Sources;

/// <summary>A recipe together with where it came from and where its lock belongs.</summary>
public sealed record RecipeSource
{
    /// <summary>The recipe.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>The project directory, absolute: what the recipe's paths are relative to.</summary>
    public required string Directory { get; init; }

    /// <summary>The recipe's file; null for a preset.</summary>
    public string? File { get; init; }

    /// <summary>Name of the preset; null for a file.</summary>
    public string? Preset { get; init; }

    /// <summary>PyTorch line of a preset that was asked for; null for its own, and for a file.</summary>
    public string? Torch { get; init; }

    /// <summary>
    /// The lock beside the recipe, <c>NAME.lock</c> for <c>NAME.toml</c>; null for a preset, whose lock is kept in the store.
    /// </summary>
    public string? LockFile => File is null ? null : Path.ChangeExtension(File, ".lock");

    /// <summary>The files that the recipe names, and what beyond the project it was allowed.</summary>
    public required ProjectFiles Files { get; init; }

    /// <summary>
    /// By what it is remembered what the recipe is allowed: its name in the real path of its directory; of a preset the directory that it
    /// is used in. The file itself may be a link: what another recipe was allowed for its project does not come with it.
    /// </summary>
    public string Identity =>
        File is null ? $"{Files.RealDirectory} (preset {Preset})" : Path.Combine(Files.RealDirectory, Path.GetFileName(File));

    /// <summary>True when its wishes were looked at, and allowed where there are any.</summary>
    public bool IsAllowed { get; private init; }

    /// <summary>The same, its wishes allowed. Whoever calls this has asked.</summary>
    public RecipeSource Allowed() => this with { IsAllowed = true };

    /// <summary>For everything that acts on a recipe: a caller that did not ask is a defect.</summary>
    public void RequireAllowed()
    {
        if (!IsAllowed)
        {
            throw new InvalidOperationException("nobody asked whether this recipe may have what it wants");
        }
    }

    /// <summary>
    /// Finds what the user named: nothing (the <c>torchyard.toml</c> of the working directory), a preset, a recipe file, or a directory
    /// with one. A name without a slash or <c>.toml</c> is a preset unless such a directory with a recipe exists.
    /// </summary>
    /// <param name="named">What the user gave, or null.</param>
    /// <param name="workingDirectory">Absolute working directory of the user.</param>
    /// <exception cref="TorchyardException">TY1009, TY1010, or an error of the recipe.</exception>
    public static RecipeSource Find(string? named, string workingDirectory)
    {
        ArgumentNullException.ThrowIfNull(workingDirectory);
        if (named is null)
        {
            return FromFile(RecipeReader.FileName, workingDirectory);
        }

        var full = Path.GetFullPath(named, workingDirectory);
        if (System.IO.Directory.Exists(full))
        {
            var isPreset =
                Torchyard.Recipes.Presets.Preset.Exists(named) && !System.IO.File.Exists(Path.Combine(full, RecipeReader.FileName));
            return isPreset ? FromPreset(named, workingDirectory) : FromFile(Path.Combine(named, RecipeReader.FileName), workingDirectory);
        }

        return
            System.IO.File.Exists(full)
            || named.Contains('/', StringComparison.Ordinal)
            || named.EndsWith(".toml", StringComparison.Ordinal)
            ? FromFile(named, workingDirectory)
            : FromPreset(named, workingDirectory);
    }

    /// <summary>A preset, used in a directory.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="workingDirectory">Absolute working directory of the user.</param>
    /// <param name="torch">PyTorch line for a preset with CUDA; null for its own.</param>
    /// <param name="suite">Debian release for a preset with CUDA; null for its own.</param>
    public static RecipeSource FromPreset(string name, string workingDirectory, string? torch = null, string? suite = null) =>
        new()
        {
            Recipe = Torchyard.Recipes.Presets.Preset.Get(name, torch, suite).Recipe,
            Directory = workingDirectory,
            Files = new ProjectFiles(workingDirectory),
            Preset = name,
            Torch = torch,
        };

    private static RecipeSource FromFile(string path, string workingDirectory)
    {
        var full = Path.GetFullPath(path, workingDirectory);
        // Messages repeat the path as the user gave it where that still names the file from here.
        var shown = System.IO.File.Exists(path) && Path.GetFullPath(path) == full ? path : full;
        return new RecipeSource
        {
            Recipe = RecipeReader.ReadFile(shown),
            Directory = Path.GetDirectoryName(full)!,
            Files = new ProjectFiles(Path.GetDirectoryName(full)!),
            File = full,
        };
    }
}

using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Recipes.Locks;

/// <summary>One file of the project that the image has, exactly.</summary>
public sealed record LockedProjectFile
{
    /// <summary>Its path in the project, relative to the recipe (or absolute, as the recipe has it).</summary>
    public required string Source { get; init; }

    /// <summary>Its path in the image, absolute; links of the image are followed inside it.</summary>
    public required string Target { get; init; }

    /// <summary>Permission bits.</summary>
    public required int Mode { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>SHA-256 of the content.</summary>
    public required Digest Sha256 { get; init; }

    /// <summary>The files of a recipe as they are now, in its order; in a directory by path (ordinal).</summary>
    /// <exception cref="TorchyardException">As <see cref="ProjectFiles.Trees"/>; TY1018 also for one of a
    /// directory that would be where no file may be.</exception>
    public static IReadOnlyList<LockedProjectFile> Of(Recipe recipe, ProjectFiles files)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(files);
        if (recipe.Files.Count == 0)
        {
            return [];
        }

        var found = recipe
            .Files.Zip(files.Trees(recipe.Files))
            .SelectMany(pair => pair.Second.Select(file => Of(pair.First, file)))
            .ToList();
        return found.GroupBy(file => file.Target, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1)?.ToList() is { } same
            ? throw new TorchyardException(
                "TY1018",
                $"{same[0].Source} and {same[1].Source} would both be at {same[0].Target}",
                "leave one of them out of [[files]], or give it another target"
            )
            {
                IsUsage = true,
            }
            : found;
    }

    private static LockedProjectFile Of(FilesSetting wanted, ProjectTreeFile found)
    {
        var target = found.Inside.Length == 0 ? wanted.Target : $"{wanted.Target.TrimEnd('/')}/{found.Inside}";
        return ImagePlaces.WhyNot(target) is { } why
            ? throw new TorchyardException("TY1018", $"{found.Path} would be at {target}, which {why}", ImagePlaces.Cure) { IsUsage = true }
            : new LockedProjectFile
            {
                Source = found.Path,
                Target = target,
                Mode = wanted.Mode ?? (found.IsExecutable ? FileModes.Executable : FileModes.Readable),
                Size = found.Size,
                Sha256 = found.Sha256,
            };
    }
}

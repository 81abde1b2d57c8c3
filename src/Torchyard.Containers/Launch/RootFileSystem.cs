using System.Globalization;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.State;

namespace Torchyard.Containers.Launch;

/// <summary>
/// The root file system of a container with ids of its own: the layers, which are on disk as in the image, are shown with the container's
/// ids, and the overlay is put together from what is shown. Nothing is copied or changed on disk, whatever range a container has.
/// </summary>
internal static class RootFileSystem
{
    /// <summary>Its name in the stage.</summary>
    public const string Name = Stage.RootFileSystem;

    private const string Container = "c";

    /// <summary>The trees that the overlay is made of.</summary>
    /// <param name="directory">The container, whose layer is written with the container's ids.</param>
    /// <param name="layers">Layer directories, top first.</param>
    /// <param name="ids">Ids of the container.</param>
    public static IEnumerable<TreePlan> Trees(ContainerDirectory directory, IReadOnlyList<string> layers, IdMapping ids) =>
        layers
            .Select(
                (layer, index) =>
                    new TreePlan
                    {
                        Source = SourcePath.Resolve(layer, [], "/"),
                        Name = Lower(index),
                        Recursive = false,
                        Ids = ids,
                    }
            )
            .Append(
                new TreePlan
                {
                    Source = SourcePath.Resolve(directory.Root, [], "/"),
                    Name = Container,
                    Recursive = false,
                }
            );

    /// <summary>The overlay of these trees.</summary>
    public static OverlayPlan Overlay(int layers, string stage) =>
        new()
        {
            Directory = null,
            Lower = [.. Enumerable.Range(0, layers).Select(Lower)],
            Upper = Container + "/" + Path.GetFileName(new ContainerDirectory("/").Upper),
            Work = Container + "/" + Path.GetFileName(new ContainerDirectory("/").Work),
            Target = Path.Combine(stage, Name),
        };

    private static string Lower(int index) => string.Create(CultureInfo.InvariantCulture, $"l{index}");
}

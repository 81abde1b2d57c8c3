using System.Globalization;
using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// Names the directories of an overlay so that mount(2) takes them: it reads at most one page of options and knows no escape that all
/// kernels share. Paths that fit stand as they are; else they are named by short links (<c>0</c>, <c>1</c>, … top first, <c>u</c>,
/// <c>w</c>).
/// </summary>
internal static class OverlayPaths
{
    /// <summary>Most lower directories that overlayfs takes (OVL_MAX_STACK).</summary>
    public const int MaximumLower = 500;

    // A page less its last byte, less what the options beside the paths take.
    private const int Room = 4095 - 200;

    /// <summary>Plans the mount.</summary>
    /// <param name="links">Directory for links, made only when they are needed; one of an earlier start is replaced.</param>
    /// <param name="lower">Lower directories, absolute, top first.</param>
    /// <param name="upper">Upper directory, absolute.</param>
    /// <param name="work">Work directory, absolute.</param>
    /// <param name="target">Where to mount.</param>
    /// <exception cref="TorchyardException">TY4001: too many layers.</exception>
    public static OverlayPlan Plan(string links, IReadOnlyList<string> lower, string upper, string work, string target)
    {
        if (lower.Count > MaximumLower)
        {
            throw new TorchyardException(
                "TY4001",
                $"{Count.Of(lower.Count, "layer")} are more than the {MaximumLower} that overlayfs stacks",
                "build the image with fewer layers: image.layer-budget in torchyard.toml"
            );
        }

        string[] all = [.. lower, upper, work];
        return all.Sum(path => Encoding.UTF8.GetByteCount(path) + 1) <= Room && !all.Any(path => path.AsSpan().ContainsAny(":,\\\n"))
            ? new OverlayPlan
            {
                Lower = lower,
                Upper = upper,
                Work = work,
                Target = target,
            }
            : Linked(links, lower, upper, work, target);
    }

    private static OverlayPlan Linked(string links, IReadOnlyList<string> lower, string upper, string work, string target)
    {
        if (Directory.Exists(links))
        {
            Directory.Delete(links, recursive: true);
        }

        Directory.CreateDirectory(links);
        string[] names = [.. Enumerable.Range(0, lower.Count).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        foreach (var (name, path) in names.Zip(lower).Append(("u", upper)).Append(("w", work)))
        {
            File.CreateSymbolicLink(Path.Combine(links, name), path);
        }

        return new OverlayPlan
        {
            Directory = links,
            Lower = names,
            Upper = "u",
            Work = "w",
            Target = target,
        };
    }
}

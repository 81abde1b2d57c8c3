namespace Torchyard.Platform.Linux;

/// <summary>
/// Follows the links of a path part by part, by the rules of path_resolution(7). For what the kernel cannot follow in one call, as it does
/// in a <c>ConfinedDirectory</c>: layers that lie above each other, a recorded tree, or a path whose every step has to be judged.
/// </summary>
public static class LinkWalk
{
    /// <summary>As many links as the kernel follows.</summary>
    public const int MostLinks = 40;

    /// <summary>Says what is at a path.</summary>
    /// <param name="path">Absolute, and without links before its last part.</param>
    /// <param name="left">How many parts of the whole path follow.</param>
    /// <returns>Target of a link that is to be followed; empty for anything else; null to end the walk.</returns>
    public delegate string? Look(string path, int left);

    /// <summary>Walks a path.</summary>
    /// <param name="path">The path, from the root on.</param>
    /// <param name="look">Asked for each part but <c>.</c> and <c>..</c>.</param>
    /// <param name="circle">What is thrown when there are too many links; null to end the walk.</param>
    /// <returns>The path without links, <c>.</c> and <c>..</c>; null when the walk ended before.</returns>
    public static string? Follow(string path, Look look, Func<Exception>? circle = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(look);
        var pending = new Stack<string>();
        Push(path);
        var current = "";
        var links = 0;
        while (pending.TryPop(out var name))
        {
            if (name == "..")
            {
                current = current[..Math.Max(0, current.LastIndexOf('/'))];
                continue;
            }

            var next = $"{current}/{name}";
            if (look(next, pending.Count) is not { } target)
            {
                return null;
            }

            if (target.Length == 0)
            {
                current = next;
                continue;
            }

            if (++links > MostLinks)
            {
                return circle is null ? null : throw circle();
            }

            if (target.StartsWith('/'))
            {
                current = "";
            }

            Push(target);
        }

        return current.Length == 0 ? "/" : current;

        void Push(string names)
        {
            foreach (var name in names.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(name => name != ".").Reverse())
            {
                pending.Push(name);
            }
        }
    }
}

using Torchyard.Platform.Files;

namespace Torchyard.Containers.Copying;

/// <summary>
/// Reads a tree in which programs may be at work that are not trusted. Each directory is opened from the one before, and no link is
/// followed, so whatever is exchanged meanwhile, nothing outside of the tree is read. Special files are left out.
/// </summary>
/// <param name="warn">Told what is left out.</param>
/// <param name="cancellation">Ends the reading.</param>
internal sealed class TreeSource(Action<string> warn, CancellationToken cancellation)
{
    // Deeper than any tree that people make; a container's may have no bottom.
    private const int Deepest = 512;

    /// <summary>Names in a root directory that are of the kernel, and no files.</summary>
    private static readonly string[] Kernel = ["dev", "proc", "sys"];

    /// <summary>Gives what is at a place to a target.</summary>
    /// <param name="place">The place.</param>
    /// <param name="name">Its name in the target; null to give what is in the directory alone.</param>
    /// <param name="isRoot">It is a container's root directory.</param>
    /// <param name="target">Takes it.</param>
    public void Copy(CopyPlace place, string? name, bool isRoot, ICopyTarget target)
    {
        if (place.Directory is { } directory)
        {
            if (name is null)
            {
                Content(directory, isRoot ? Kernel : [], 0, target);
            }
            else
            {
                Tree(directory, name, 0, target);
            }
        }
        else if (place.Facts is { IsRegular: true })
        {
            using var content = place.OpenRead();
            target.File(CopyEntry.Of(name ?? place.Name, place.Facts.Value) with { Size = content.Length }, content);
        }
        else
        {
            One(place.Parent!, place.Name, name ?? place.Name, 0, target);
        }
    }

    private void Tree(ConfinedDirectory directory, string name, int depth, ICopyTarget target)
    {
        if (depth > Deepest)
        {
            throw CopyErrors.BadTree($"{name} lies {Deepest} directories deep, and is not copied");
        }

        if (directory.Status("") is not { } facts)
        {
            return; // Removed meanwhile.
        }

        target.Begin(CopyEntry.Of(name, facts));
        Content(directory, [], depth, target);
        target.End();
    }

    private void Content(ConfinedDirectory directory, IReadOnlyList<string> without, int depth, ICopyTarget target)
    {
        foreach (var name in directory.List().Except(without, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            One(directory, name, name, depth, target);
        }
    }

    private void One(ConfinedDirectory directory, string name, string shown, int depth, ICopyTarget target)
    {
        cancellation.ThrowIfCancellationRequested();
        switch (directory.Status(name))
        {
            case null:
                break; // Removed meanwhile.
            case { IsDirectory: true }:
                using (var below = directory.TryOpenDirectory(name))
                {
                    if (below is not null)
                    {
                        Tree(below, shown, depth + 1, target);
                    }
                }

                break;
            case { IsRegular: true } facts:
                using (var content = directory.OpenRead(name))
                {
                    if (content is not null)
                    {
                        target.File(CopyEntry.Of(shown, facts) with { Size = content.Length }, content);
                    }
                }

                break;
            case { IsLink: true } facts:
                if (directory.ReadLink(name) is { } link)
                {
                    target.Link(CopyEntry.Of(shown, facts), link);
                }

                break;
            case { Description: var description }:
                warn($"left out: {name} is {description}");
                break;
        }
    }
}

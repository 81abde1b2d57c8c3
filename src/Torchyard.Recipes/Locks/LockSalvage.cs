using System.Text;
using Torchyard.Platform.Errors;

namespace Torchyard.Recipes.Locks;

/// <summary>
/// Takes from a lock that cannot be used any more what a new one is to keep: the state of the archives and the versions. Nothing in it is
/// trusted; whoever gets it resolves again.
/// </summary>
public static class LockSalvage
{
    /// <summary>What can be kept; null where nothing can.</summary>
    /// <param name="content">The file.</param>
    /// <param name="file">Its path.</param>
    public static RecipeLock? Of(ReadOnlySpan<byte> content, string file)
    {
        var text = Encoding.UTF8.GetString(content).ReplaceLineEndings("\n");
        var sides = Sides(text).Select(side => Read(side, file)).OfType<RecipeLock>().ToList();
        return sides switch
        {
            [] => null,
            [var one] => one,
            [var ours, var theirs, ..] => Join(ours, theirs),
        };
    }

    /// <summary>The text, or both texts of one with the marks of a merge conflict (also of git's style diff3).</summary>
    private static string[] Sides(string text)
    {
        var lines = text.Split('\n');
        if (!lines.Any(line => line.StartsWith("<<<<<<<", StringComparison.Ordinal)))
        {
            return [text];
        }

        var (ours, theirs) = (new StringBuilder(), new StringBuilder());
        var (toOurs, toTheirs) = (true, true);
        foreach (var line in lines)
        {
            (bool, bool)? mark =
                line.Length < 7
                    ? null
                    : line[..7] switch
                    {
                        "<<<<<<<" => (true, false),
                        "|||||||" => (false, false),
                        "=======" => (false, true),
                        ">>>>>>>" => (true, true),
                        _ => null,
                    };
            if (mark is { } now)
            {
                (toOurs, toTheirs) = now;
                continue;
            }

            if (toOurs)
            {
                ours.Append(line).Append('\n');
            }

            if (toTheirs)
            {
                theirs.Append(line).Append('\n');
            }
        }

        return [ours.ToString(), theirs.ToString()];
    }

    private static RecipeLock? Read(string text, string file)
    {
        // A file that was cut off ends in the middle of a package.
        var last = text.LastIndexOf("\n[[", StringComparison.Ordinal);
        foreach (var whole in last > 0 ? (string[])[text, text[..last]] : [text])
        {
            try
            {
                var found = LockReader.ReadUnchecked(Encoding.UTF8.GetBytes(whole), file);
                return LockSections.All.Aggregate(found, (locked, section) => section.Salvaged(locked));
            }
            catch (TorchyardException)
            {
                // Nothing to keep; what is wrong with it has been told.
            }
        }

        return null;
    }

    private static RecipeLock Join(RecipeLock ours, RecipeLock theirs)
    {
        // The recipe of both sides may ask for what only the newer archive has.
        var newer = Newest(theirs) > Newest(ours) ? theirs : ours;
        return ours with
        {
            Archives = newer.Archives,
            Python =
                ours.Python is { } one && theirs.Python is { } other
                    ? one with
                    {
                        Packages = [.. one.Packages, .. other.Packages.Where(package => one.Packages.All(has => has.Name != package.Name))],
                    }
                    : ours.Python ?? theirs.Python,
        };
    }

    private static long Newest(RecipeLock locked) => locked.Archives.Select(archive => archive.ReleaseDate).DefaultIfEmpty().Max();
}

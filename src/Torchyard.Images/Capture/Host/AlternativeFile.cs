using System.Text;

namespace Torchyard.Images.Capture.Host;

/// <summary>A file of <c>/var/lib/dpkg/alternatives</c> (dpkg, lib/dpkg or update-alternatives.c, "alternative_load").</summary>
/// <param name="Status"><c>auto</c> or <c>manual</c>.</param>
/// <param name="Link">The public link.</param>
/// <param name="Slaves">Names and public links of the slaves.</param>
/// <param name="Choices">Path, priority and the slaves' files of each choice; a missing slave is empty.</param>
internal sealed record AlternativeFile(
    string Status,
    string Link,
    IReadOnlyList<(string Name, string Link)> Slaves,
    IReadOnlyList<(string Path, string Priority, IReadOnlyList<string> Slaves)> Choices
)
{
    /// <summary>Reads the text; null when it breaks the format.</summary>
    public static AlternativeFile? Parse(string text)
    {
        var lines = new Queue<string>(text.Split('\n'));
        if (lines.Count < 4)
        {
            return null;
        }

        var status = lines.Dequeue();
        var link = lines.Dequeue();
        var slaves = new List<(string, string)>();
        while (lines.TryDequeue(out var name) && name.Length > 0)
        {
            if (!lines.TryDequeue(out var path))
            {
                return null;
            }

            slaves.Add((name, path));
        }

        var choices = new List<(string, string, IReadOnlyList<string>)>();
        while (lines.TryDequeue(out var path) && path.Length > 0)
        {
            if (lines.Count < 1 + slaves.Count)
            {
                return null;
            }

            var priority = lines.Dequeue();
            choices.Add((path, priority, [.. slaves.Select(_ => lines.Dequeue())]));
        }

        return link.StartsWith('/') ? new AlternativeFile(status, link, slaves, choices) : null;
    }

    /// <summary>The text with those choices alone that are kept.</summary>
    public string Write(Func<string, bool> keep)
    {
        var text = new StringBuilder().Append(Status).Append('\n').Append(Link).Append('\n');
        foreach (var (name, link) in Slaves)
        {
            text.Append(name).Append('\n').Append(link).Append('\n');
        }

        text.Append('\n');
        foreach (var (path, priority, slaves) in Choices.Where(choice => keep(choice.Path)))
        {
            text.Append(path).Append('\n').Append(priority).Append('\n');
            foreach (var slave in slaves)
            {
                text.Append(slave).Append('\n');
            }
        }

        return text.Append('\n').ToString();
    }
}

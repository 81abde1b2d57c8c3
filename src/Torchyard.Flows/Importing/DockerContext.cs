namespace Torchyard.Flows.Importing;

/// <summary>Where files of the project are inside the image that a Dockerfile makes: what COPY put where.</summary>
internal sealed class DockerContext
{
    private readonly List<(string Inside, string Source)> _copies = [];

    /// <summary>The working directory inside, absolute.</summary>
    public string WorkingDirectory { get; set; } = "/";

    /// <summary>Notes a COPY.</summary>
    /// <param name="sources">Paths of the project.</param>
    /// <param name="target">Where they go.</param>
    public void Copy(IReadOnlyList<string> sources, string target)
    {
        var inside = Path.GetFullPath(target, WorkingDirectory);
        var isDirectory = target.EndsWith('/') || target is "." or ".." || sources.Count > 1 || inside == WorkingDirectory;
        foreach (var source in sources.Select(source => source.Trim('/')))
        {
            if (source is "" or "." || !Path.HasExtension(source) && !isDirectory)
            {
                _copies.Add((inside, source is "" or "." ? "" : source));
            }
            else
            {
                _copies.Add((isDirectory ? Path.Combine(inside, Path.GetFileName(source)) : inside, source));
            }
        }
    }

    /// <summary>The path in the project of a path inside; null where nothing was copied there.</summary>
    public string? SourceOf(string path)
    {
        var inside = Path.GetFullPath(path, WorkingDirectory);
        foreach (var (target, source) in Enumerable.Reverse(_copies))
        {
            if (inside == target)
            {
                return source.Length == 0 ? "." : source;
            }

            if (inside.StartsWith(target.TrimEnd('/') + "/", StringComparison.Ordinal))
            {
                return Path.Combine(source, inside[(target.TrimEnd('/').Length + 1)..]);
            }
        }

        return null;
    }
}

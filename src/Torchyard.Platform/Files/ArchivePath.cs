using System.Text;

namespace Torchyard.Platform.Files;

/// <summary>Names inside archives, which are untrusted, made into relative paths that stay below a root.</summary>
internal static class ArchivePath
{
    // PATH_MAX and NAME_MAX of Linux.
    private const int MaxPath = 4095;
    private const int MaxName = 255;

    /// <summary>
    /// Takes <c>./usr/bin/</c> to <c>usr/bin</c>; the root itself becomes the empty string. False for absolute names, <c>..</c>, and names
    /// that no file system takes.
    /// </summary>
    public static bool TryNormalise(string name, out string path)
    {
        path = "";
        if (name.StartsWith('/') || Encoding.UTF8.GetByteCount(name) > MaxPath)
        {
            return false;
        }

        var clean = IsClean(name);
        if (clean)
        {
            path = name;
            return true;
        }

        var parts = name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").ToArray();
        if (parts.Any(part => part == ".." || part.Contains('\0') || Encoding.UTF8.GetByteCount(part) > MaxName))
        {
            return false;
        }

        path = string.Join('/', parts);
        return true;
    }

    /// <summary>Directory part; empty for a name in the root.</summary>
    public static string Parent(string path)
    {
        var slash = path.LastIndexOf('/');
        return slash < 0 ? "" : path[..slash];
    }

    /// <summary>Last part.</summary>
    public static string Name(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>True for a path that is one of a set, or below one.</summary>
    public static bool IsAtOrBelow(string path, IReadOnlySet<string> set)
    {
        for (var part = path; part.Length > 0; part = Parent(part))
        {
            if (set.Contains(part))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsClean(string name)
    {
        foreach (var range in name.AsSpan().Split('/'))
        {
            var part = name.AsSpan(range);
            if (part is "" or "." or ".." || part.Length > MaxName / 3 || part.Contains('\0'))
            {
                return false;
            }
        }

        return true;
    }
}

namespace Torchyard.Recipes.Settings;

/// <summary>An item of <c>packages</c> that is not a name but a <c>.deb</c> of the project.</summary>
public static class PackageFile
{
    /// <summary>Most bytes of a file: no package of Debian has two gigabytes.</summary>
    public const long LargestFile = 16L << 30;

    /// <summary>True for a path: it has a slash, which no package name or version has, and ends in <c>.deb</c>.</summary>
    public static bool IsPath(string request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Contains('/', StringComparison.Ordinal) && request.EndsWith(".deb", StringComparison.Ordinal);
    }

    /// <summary>What a request names: the package, without version and architecture; of a file its path.</summary>
    public static string NameOf(string request) => IsPath(request) ? request : request.Split('=', ':')[0];
}

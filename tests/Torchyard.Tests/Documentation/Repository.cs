namespace Torchyard.Tests.Documentation;

/// <summary>The source tree that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>Its root, or null when the tests run away from their sources.</summary>
    public static string? Root { get; } = Find(AppContext.BaseDirectory);

    public static string Require()
    {
        Assert.SkipWhen(Root is null, "the tests do not run inside the source tree");
        return Root!;
    }

    private static string? Find(string? directory)
    {
        while (directory is not null && !File.Exists(Path.Combine(directory, "Torchyard.slnx")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory;
    }
}

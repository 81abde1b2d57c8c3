namespace Torchyard.Fuzz.Engine;

/// <summary>
/// Inputs that a target begins with: the files in <c>Corpus/TARGET</c> and <c>Regressions/TARGET</c>, and what its code makes.
/// </summary>
internal static class Corpus
{
    /// <summary>The inputs of a target with their names.</summary>
    public static IEnumerable<(string Name, byte[] Input)> Of(FuzzTarget target) =>
        Files("Corpus", target.Name)
            .Concat(target.Seeds().Select((seed, number) => ($"seed {number + 1}", seed)))
            .Concat(Files("Regressions", target.Name))
            .DefaultIfEmpty(("empty", []));

    /// <summary>Names of directories of inputs, which must be targets.</summary>
    public static IEnumerable<string> Directories() =>
        new[] { "Corpus", "Regressions" }
            .Select(Place)
            .Where(Directory.Exists)
            .SelectMany(Directory.GetDirectories)
            .Select(directory => Path.GetFileName(directory)!)
            .Distinct(StringComparer.Ordinal);

    private static IEnumerable<(string Name, byte[] Input)> Files(string kind, string target)
    {
        var directory = Path.Combine(Place(kind), target);
        return Directory.Exists(directory)
            ? Directory
                .EnumerateFiles(directory)
                .Order(StringComparer.Ordinal)
                .Select(file => ($"{kind}/{target}/{Path.GetFileName(file)}", File.ReadAllBytes(file)))
            : [];
    }

    private static string Place(string kind) => Path.Combine(Path.GetDirectoryName(typeof(Corpus).Assembly.Location)!, kind);
}

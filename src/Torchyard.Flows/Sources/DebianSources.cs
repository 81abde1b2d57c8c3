using Torchyard.Flows.Hosts;
using Torchyard.Flows.Trust;
using Torchyard.Packages.Debian.Indexes;
using Torchyard.Packages.Debian.Locking;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Sources;

/// <summary>The Debian archives of a project.</summary>
internal static class DebianSources
{
    // Debian's own keyring has less than 100 KB.
    private const long LargestKeyring = 4 << 20;

    /// <summary>Opens them to lock a recipe; the files that it names are read among those of the project.</summary>
    public static DebianPackages Open(Host host, RecipeSource source)
    {
        var reader = new ProjectPackageFiles(host, source);
        return Make(host, source.Files, reader.Read, source);
    }

    /// <summary>Opens them to fetch what a lock names.</summary>
    public static DebianPackages Open(Host host, ProjectFiles files) => Make(host, files, read: null, source: null);

    private static DebianPackages Make(Host host, ProjectFiles files, Func<string, LocalPackage>? read, RecipeSource? source) =>
        new(host.Store, host.Progress, host.Clock, host.Caller.Variable)
        {
            Keyring = path => files.Read(path, LargestKeyring),
            OpenFile = files.Open,
            ReadFile = read,
            ExpandLogin = url => RecipeGate.Survey(host).Variables(files).Expand(url, PlaceOfUrl(source, url)),
            Place = path => RecipePlaces.Of(source?.File, path),
        };

    private static SourceLocation? PlaceOfUrl(RecipeSource? source, string url)
    {
        var index = source?.Recipe.Archives.Index().FirstOrDefault(archive => archive.Item.Url == url).Index;
        return RecipePlaces.Of(source?.File, $"archives[{index ?? 0}].url");
    }
}

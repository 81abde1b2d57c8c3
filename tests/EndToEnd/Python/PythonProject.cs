using System.Text.Json;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Python;

/// <summary>
/// One store with a small base system, shared by the tests of Python packages, and the machine's pip settings in its home.
/// </summary>
public sealed class PythonProject : IAsyncLifetime
{
    private string? _obstacle;
    private TestStore? _store;

    /// <summary>The store; the test is skipped where there can be none.</summary>
    internal TestStore Store
    {
        get
        {
            Assert.SkipWhen(_obstacle is not null, _obstacle ?? "");
            return _store!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        _obstacle = await TestStore.ObstacleAsync(CancellationToken.None);
        _store = _obstacle is null ? await TestStore.CreateAsync(CancellationToken.None) : null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }
    }

    /// <summary>A project with a recipe on the base system that all of them share.</summary>
    /// <param name="name">Name of the recipe.</param>
    /// <param name="rest">The recipe below its base.</param>
    internal string NewProject(string name, string rest)
    {
        var directory = Store.NewProject(name);
        WriteRecipe(directory, name, rest);
        return directory;
    }

    /// <summary>Writes the recipe of a project anew.</summary>
    internal static void WriteRecipe(string directory, string name, string rest) =>
        File.WriteAllText(
            Path.Combine(directory, "torchyard.toml"),
            $"name = \"{name}\"\npackages = [\"python3\", \"python3-venv\"]\n[base]\nsuite = \"trixie\"\n{rest}\n"
        );

    /// <summary>Makes an index the machine's own, by pip.conf.</summary>
    internal void UseIndex(Uri root)
    {
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(Store.Home, ".config/pip")).FullName, "pip.conf");
        File.WriteAllText(file, $"[global]\nindex-url = {root.AbsoluteUri}\n");
    }

    /// <summary>The Python packages of a project's lock, and its stack.</summary>
    internal static IReadOnlyList<(string Name, string Version)> Locked(string directory, string file = "torchyard.lock")
    {
        var packages = new List<(string, string)>();
        string? name = null;
        var inside = false;
        foreach (var line in File.ReadLines(Path.Combine(directory, file)))
        {
            inside = line.StartsWith('[') ? line == "[[python.package]]" : inside;
            if (inside && line.StartsWith("name = ", StringComparison.Ordinal))
            {
                name = line[8..^1];
            }
            else if (inside && line.StartsWith("version = ", StringComparison.Ordinal))
            {
                packages.Add((name!, line[11..^1]));
            }
        }

        return packages;
    }

    /// <summary>Digests of the layers of an image, bottom first.</summary>
    internal IReadOnlyList<string> Layers(string digest)
    {
        using var manifest = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(Store.Store, "oci/blobs/sha256", digest["sha256:".Length..]))
        );
        return [.. manifest.RootElement.GetProperty("layers").EnumerateArray().Select(layer => layer.GetProperty("digest").GetString()!)];
    }

    /// <summary>Builds a project; the digest of its image.</summary>
    internal async Task<string> BuildAsync(string directory, CancellationToken cancellation)
    {
        var built = await Store.RunAsync(directory, ["build", "--json"], cancellation);
        using var answer = JsonDocument.Parse(built.Succeeded().Output);
        return answer.RootElement.GetProperty("digest").GetString()!;
    }
}

/// <summary>The tests that share one store with a base system for Python; they run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class PythonProjectTests : ICollectionFixture<PythonProject>
{
    public const string Name = "python project";
}

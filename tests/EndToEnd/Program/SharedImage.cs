namespace Torchyard.EndToEnd.Program;

/// <summary>An image in a store of its own that the tests of one class share; it is built when the first of them asks for it.</summary>
public sealed class SharedImage : IAsyncDisposable
{
    private TestStore? _store;

    /// <summary>The store.</summary>
    internal TestStore Store => _store!;

    /// <summary>The directory with recipe and lock.</summary>
    internal string Project { get; private set; } = "";

    /// <summary>The digest of the image.</summary>
    internal string Digest { get; private set; } = "";

    /// <summary>Builds it of a recipe; the test is skipped where nothing can be built.</summary>
    internal async Task<SharedImage> RequireAsync(string recipe, CancellationToken cancellation)
    {
        if (Digest.Length == 0)
        {
            _store ??= await TestStore.RequireAsync(cancellation);
            Project = _store.NewProject("shared");
            await File.WriteAllTextAsync(Path.Combine(Project, "torchyard.toml"), recipe, cancellation);
            Digest = await _store.BuildAsync(Project, cancellation);
        }

        return this;
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }
    }
}

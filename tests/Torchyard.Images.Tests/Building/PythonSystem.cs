using Torchyard.Images.Build;
using Torchyard.Images.Store;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Tests.Building;

/// <summary>The layers of a small image with python3-venv, built once for all tests of a class.</summary>
public sealed class PythonSystem : IAsyncLifetime
{
    private TemporaryStore? _store;

    /// <summary>Directories of the layers, top first; empty where nothing can be built.</summary>
    public IReadOnlyList<string> Layers { get; private set; } = [];

    /// <summary>Why the tests must be skipped, or null.</summary>
    public string? SkipReason { get; private set; }

    public async ValueTask InitializeAsync()
    {
        if (!ChrootSandbox.IsUsable)
        {
            SkipReason = "needs root";
            return;
        }

        _store = new TemporaryStore();
        using var packages = RealPackages.Open();
        RecipeLock locked;
        try
        {
            locked = await packages.LockAsync(["python3", "python3-venv"], CancellationToken.None);
        }
        catch (Exception skip) when (skip.Message.Contains("Debian's archive cannot be reached", StringComparison.Ordinal))
        {
            SkipReason = "Debian's archive cannot be reached";
            return;
        }

        var image = await new ImageBuilder(
            _store.Paths,
            new ChrootSandbox(),
            new LayerSources(packages.Fetcher, null, null, null, null, RealPackages.Supervisor)
        ).BuildAsync(locked, SilentProgress.Instance, CancellationToken.None);
        Layers = await new MountedLayers(_store.Paths).EnsureAsync(image, SilentProgress.Instance, CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        _store?.Dispose();
        return ValueTask.CompletedTask;
    }
}

using Torchyard.Containers.Engines;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Starting;

namespace Torchyard.Flows.Running;

/// <summary>A container that is about to start. Dispose it when it has started, or is not going to.</summary>
/// <param name="use">Keeps its image in the store.</param>
/// <param name="gpus">Keeps its GPUs; null for none.</param>
internal sealed class PreparedRun(IDisposable use, IDisposable? gpus) : IDisposable
{
    /// <summary>What is started.</summary>
    public required RunRequest Request { get; init; }

    /// <summary>Starts it.</summary>
    public required ContainerLauncher Launcher { get; init; }

    /// <summary>Starts it through podman or docker.</summary>
    public required EngineRun Other { get; init; }

    /// <summary>The user asked for podman or docker.</summary>
    public required bool UsesOther { get; init; }

    public void Dispose()
    {
        gpus?.Dispose();
        use.Dispose();
    }
}

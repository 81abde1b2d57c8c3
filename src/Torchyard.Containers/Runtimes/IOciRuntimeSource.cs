namespace Torchyard.Containers.Runtimes;

/// <summary>Finds an OCI runtime, and may fetch one.</summary>
public interface IOciRuntimeSource
{
    /// <summary>The runtime to use.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY4010: there is none, and none could be fetched.</exception>
    Task<OciRuntime> GetAsync(CancellationToken cancellation);
}

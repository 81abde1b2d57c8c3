namespace Torchyard.Packages.Python.Sources;

/// <summary>Builds wheels on the base system of the image, in a sandbox without network. Torchyard.Images implements it.</summary>
public interface IWheelBuilder
{
    /// <summary>Says what the wheels are built on: other text, other wheels.</summary>
    Task<string> DescribeAsync(CancellationToken cancellation);

    /// <summary>Lays a source out and checks it; nothing of it runs yet.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY2523: it is damaged or hostile.</exception>
    Task<IWheelBuild> OpenAsync(FetchedSource source, CancellationToken cancellation);
}

/// <summary>A source that is laid out; goes away when it is disposed.</summary>
public interface IWheelBuild : IAsyncDisposable
{
    /// <summary>Its pyproject.toml, or null.</summary>
    byte[]? Pyproject { get; }

    /// <summary>It has a setup.py.</summary>
    bool HasSetup { get; }

    /// <summary>Asks the backend for <c>get_requires_for_build_wheel</c> (PEP 517).</summary>
    /// <param name="backend">The backend.</param>
    /// <param name="tools">Wheels that it needs, by file name.</param>
    /// <param name="cancellation">Ends it.</param>
    Task<HookResult> GetRequiresAsync(BuildBackend backend, IReadOnlyDictionary<string, string> tools, CancellationToken cancellation);

    /// <summary>Lets the backend build the wheel (<c>build_wheel</c>).</summary>
    /// <param name="backend">The backend.</param>
    /// <param name="tools">Wheels that it needs, by file name.</param>
    /// <param name="onLine">Gets each line that it prints.</param>
    /// <param name="cancellation">Ends it.</param>
    Task<HookResult> BuildAsync(
        BuildBackend backend,
        IReadOnlyDictionary<string, string> tools,
        Action<string>? onLine,
        CancellationToken cancellation
    );
}

/// <summary>How a hook of a backend ended.</summary>
/// <param name="ExitCode">0 when it gave an answer.</param>
/// <param name="Output">The last lines it printed.</param>
/// <param name="Requires">Its answer: requirements.</param>
/// <param name="Wheel">Its answer: a wheel on the store's file system, under its own name; valid as long as the build.</param>
public sealed record HookResult(int ExitCode, string Output, IReadOnlyList<string> Requires, string? Wheel);

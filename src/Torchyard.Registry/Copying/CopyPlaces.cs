using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Registry.Connections;
using Torchyard.Registry.References;

namespace Torchyard.Registry.Copying;

/// <summary>Opens the places that images are copied from and to.</summary>
/// <param name="paths">The store, which the caller keeps from being pruned.</param>
/// <param name="connect">Opens a registry for an image.</param>
/// <param name="progress">Told of the work.</param>
public sealed class CopyPlaces(
    StorePaths paths,
    Func<ImageReference, CancellationToken, Task<RegistryConnection>> connect,
    IProgressSink progress
)
{
    /// <summary>
    /// Throws when an image of a registry may not come; told the registry, and the digests of index and manifest.
    /// </summary>
    public Func<RegistryConnection, IReadOnlyList<Digest>, CancellationToken, Task>? Approve { get; init; }

    /// <summary>Copies an image.</summary>
    /// <exception cref="TorchyardException">TY6001 to TY6023; TY3005.</exception>
    public async Task<CopiedImage> CopyAsync(CopyRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var source = await SourceAsync(request.From, cancellation);
        using var target = await TargetAsync(request.To, cancellation);
        var copy = new ImageCopy(source, target, progress)
        {
            Approve =
                Approve is { } approve && source is RegistrySource registry
                    ? (digests, stop) => approve(registry.Connection, digests, stop)
                    : null,
        };
        return await copy.RunAsync(request, cancellation);
    }

    private async Task<IImageSource> SourceAsync(CopyPlace place, CancellationToken cancellation)
    {
        switch (place.Transport)
        {
            case CopyTransport.Registry:
                return new RegistrySource(await connect(place.Reference!, cancellation), place.Reference!);
            case CopyTransport.Layout:
                return new LayoutSource(new DirectoryFiles(place.Path), place.Text, place.Name);
            case CopyTransport.OciArchive:
                return new LayoutSource(new ArchiveFiles(place.Path, place.Text, static () => { }), place.Text, place.Name);
            case CopyTransport.DockerArchive:
                return Archive(place.Path, place, place.Name, static () => { }, cancellation);
            case CopyTransport.Store:
                var image = new ImageStore(paths).Resolve(place.Name!);
                return new LayoutSource(new DirectoryFiles(paths.Oci), place.Text, image.ToString());
            default:
                var (file, remove) = await Engine.SaveAsync(paths, Engine.Of(place.Transport), place.Name!, cancellation);
                return Archive(file, place, null, remove, cancellation);
        }
    }

    private static DockerArchiveSource Archive(string path, CopyPlace place, string? name, Action close, CancellationToken cancellation)
    {
        ArchiveFiles? files = null;
        try
        {
            files = new ArchiveFiles(path, place.Text, close);
            return new DockerArchiveSource(files, place.Text, name, cancellation);
        }
        catch when (files is not null)
        {
            files.Dispose();
            throw;
        }
        catch
        {
            close();
            throw;
        }
    }

    private async Task<IImageTarget> TargetAsync(CopyPlace place, CancellationToken cancellation) =>
        place.Transport switch
        {
            CopyTransport.Registry => new RegistryTarget(await connect(place.Reference!, cancellation), place.Reference!),
            CopyTransport.Layout => new LayoutTarget(place.Path, place.Name),
            CopyTransport.OciArchive => new ArchiveTarget(new FileOutput(place.Path), place.Name, forDocker: false),
            CopyTransport.DockerArchive => new ArchiveTarget(new FileOutput(place.Path), Tagged(place.Name), forDocker: true),
            CopyTransport.Store => new StoreTarget(paths, place.Name!),
            _ => new ArchiveTarget(new EngineOutput(Engine.Of(place.Transport)), Tagged(place.Name), forDocker: true),
        };

    // Engines take no name without a tag.
    private static string? Tagged(string? name) => name is null || name.LastIndexOf(':') > name.LastIndexOf('/') ? name : name + ":latest";
}

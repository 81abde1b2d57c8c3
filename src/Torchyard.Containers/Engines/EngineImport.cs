using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Reporting;

namespace Torchyard.Containers.Engines;

/// <summary>Gives images of the store to an engine, each once.</summary>
/// <param name="paths">The store.</param>
/// <param name="name">Name of the engine for people.</param>
/// <param name="program">Its client.</param>
/// <param name="progress">Told how far it is.</param>
public sealed class EngineImport(StorePaths paths, string name, HostProgram program, IProgressSink progress)
{
    /// <summary>Name of an image in the engine: the manifest's digest as a tag, so that one import serves every later run.</summary>
    public static string Reference(StoredImage image) => "localhost/torchyard:" + image.Manifest.Hex[..20];

    /// <summary>Name of an image in the engine by its name here, for files that are written before there is a digest.</summary>
    /// <param name="name"><c>name:tag</c>.</param>
    public static string NamedReference(string name) => "localhost/torchyard/" + name;

    /// <summary>Makes sure that the engine has an image, also by its names.</summary>
    /// <param name="image">The image.</param>
    /// <param name="withoutZstd">The engine cannot read zstd.</param>
    /// <param name="cancellation">Ends the import.</param>
    /// <exception cref="TorchyardException">TY4071: the engine did not take it.</exception>
    public async Task EnsureAsync(StoredImage image, bool withoutZstd, CancellationToken cancellation)
    {
        var reference = Reference(image);
        if ((await HostCommand.RunAsync(program, ["image", "inspect", reference], cancellation: cancellation)).ExitCode != 0)
        {
            await LoadAsync(image, reference, withoutZstd, cancellation);
        }

        foreach (var name in image.Names)
        {
            var tagged = await HostCommand.RunAsync(program, ["tag", reference, NamedReference(name)], cancellation: cancellation);
            if (tagged.ExitCode != 0)
            {
                throw Refused(tagged.Error.Trim());
            }
        }
    }

    private async Task LoadAsync(StoredImage image, string reference, bool withoutZstd, CancellationToken cancellation)
    {
        var archive = ImageArchive.Of(paths, image, reference, withoutZstd);
        using var task = progress.Begin($"Giving the image to {name}", archive.Size);
        await LoadAsync(archive, task, cancellation);
        task.Done();
    }

    /// <summary>Writes the archive to the standard input of <c>load</c>, so that it takes no room on the way.</summary>
    private async Task LoadAsync(ImageArchive archive, IProgressTask task, CancellationToken cancellation)
    {
        var result = await HostCommand.FeedAsync(
            program,
            ["load"],
            (input, stop) => archive.WriteTo(input, task.Advance, stop),
            ProgramBounds.Transfer,
            cancellation
        );
        if (result.ExitCode != 0)
        {
            throw Refused(result.Error.Trim());
        }
    }

    private TorchyardException Refused(string said) =>
        new(
            "TY4071",
            $"{name} did not take the image: {said}",
            said.Contains("no space left on device", StringComparison.OrdinalIgnoreCase)
                ? $"free some space where {name} keeps its images ('{name} system prune' removes what it does not use)"
                : "'torchyard check' says whether the image is whole; a podman before 2 reads "
                    + "gzip layers only: build with --compression gzip"
        );
}

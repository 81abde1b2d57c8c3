using System.Diagnostics;
using Torchyard.Images;
using Torchyard.Images.Oci;
using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Engines;

/// <summary>Gives images of the store to an engine, each once.</summary>
/// <param name="paths">The store.</param>
/// <param name="name">Name of the engine for people.</param>
/// <param name="program">Its client.</param>
/// <param name="progress">Told how far it is.</param>
internal sealed class EngineImport(StorePaths paths, string name, string program, IProgressSink progress)
{
    /// <summary>Name of an image in the engine: the manifest's digest as a tag, so that one import serves every later run.</summary>
    public static string Reference(StoredImage image) => "localhost/torchyard:" + image.Manifest.Hex[..20];

    /// <summary>Makes sure that the engine has an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="withoutZstd">The engine cannot read zstd.</param>
    /// <param name="cancellation">Ends the import.</param>
    /// <exception cref="TorchyardException">TY4071: the engine did not take it.</exception>
    public async Task EnsureAsync(StoredImage image, bool withoutZstd, CancellationToken cancellation)
    {
        var reference = Reference(image);
        if ((await HostCommand.RunAsync(program, ["image", "inspect", reference], cancellation: cancellation)).ExitCode == 0)
        {
            return;
        }

        var archive = ImageArchive.Of(paths, image, reference, withoutZstd);
        using var task = progress.Begin($"Giving the image to {name}", archive.Size);
        await LoadAsync(archive, task, cancellation);
        task.Done();
    }

    /// <summary>Writes the archive to the standard input of <c>load</c>, so that it takes no room on the way.</summary>
    private async Task LoadAsync(ImageArchive archive, IProgressTask task, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, ["load"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await Task.Run(() => archive.WriteTo(process.StandardInput.BaseStream, task.Advance, cancellation), cancellation);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading everything; what it said tells why.
        }
        catch
        {
            process.Kill();
            throw;
        }

        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        await output;
        if (process.ExitCode != 0)
        {
            throw Refused((await error).Trim());
        }
    }

    private TorchyardException Refused(string said) => new(
        "TY4071",
        $"{name} did not take the image: {said}",
        said.Contains("no space left on device", StringComparison.OrdinalIgnoreCase)
            ? $"free some space where {name} keeps its images ('{name} system prune' removes what it does not use)"
            : "'torchyard check' says whether the image is whole; a podman before 2 reads gzip layers only: build with --compression gzip");
}

using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Copying;

/// <summary>Docker and podman on this machine, through their own programs: nothing else knows their storage.</summary>
internal static class Engine
{
    /// <summary>Name of the program.</summary>
    public static string Of(CopyTransport transport) => transport == CopyTransport.Docker ? "docker" : "podman";

    /// <summary>The program.</summary>
    /// <exception cref="TorchyardException">TY6023: it is not on this machine.</exception>
    public static HostProgram Program(string engine) =>
        HostProgram.Find(engine)
        ?? throw CopyErrors.Cannot(engine, "it is not on this machine", $"install {engine}, or copy by an archive: oci-archive:FILE");

    /// <summary>Has an engine write an image into a file of the store.</summary>
    /// <returns>The file, and what removes it.</returns>
    /// <exception cref="TorchyardException">TY6023: it does not.</exception>
    public static async Task<(string Path, Action Remove)> SaveAsync(
        StorePaths paths,
        string engine,
        string image,
        CancellationToken cancellation
    )
    {
        if (image.StartsWith('-'))
        {
            throw CopyErrors.BadPlace(image);
        }

        var program = Program(engine);
        var directory = BuildDirectory.Create(paths);
        var path = Path.Combine(directory.Path, "saved.tar");
        try
        {
            IEnumerable<string> form = engine == "podman" ? ["--format", "docker-archive"] : [];
            var result = await HostCommand.RunAsync(
                program,
                ["save", .. form, "-o", path, image],
                bounds: ProgramBounds.Transfer,
                cancellation: cancellation
            );
            return result.ExitCode == 0
                ? (path, directory.Dispose)
                : throw CopyErrors.Cannot(
                    $"'{engine} save {RegistryErrors.Shown(image)}' ends with exit status {result.ExitCode}",
                    RegistryErrors.Shown(result.Error.Trim().Split('\n')[^1]),
                    $"check the name with '{engine} images'"
                );
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }
}

using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Containers.Gpus;
using Torchyard.Images.Layers;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Commands;

/// <summary><c>torchyard cdi</c>: the CDI document of this machine's GPUs.</summary>
internal sealed class CdiCommand : Verb
{
    private readonly Option<bool> _install = new("--install")
    {
        Description = $"Write it to {CdiDocument.DefaultPath} in place of printing it",
    };
    private readonly Option<string?> _output = new("--output")
    {
        Description = "Write it to a file in place of printing it",
        HelpName = "FILE",
    };
    private readonly Option<string?> _cache = new("--linker-cache")
    {
        Description = "Also write the linker cache (ld.so.cache) for the image in --image-root",
        HelpName = "FILE",
    };
    private readonly Option<string?> _root = new("--image-root") { Description = "Directory of an unpacked image", HelpName = "DIR" };

    public CdiCommand()
        : base("cdi", VerbGroup.Machine, "Describe this machine's GPUs to podman, docker and containerd")
    {
        Options.Add(_install);
        Options.Add(_output);
        Options.Add(_root);
        Options.Add(_cache);
        Details = """
            The document names the device nodes and every driver file of the version that is loaded
            now: make it again after a driver update. It has no hooks; the loader finds the driver
            through LD_LIBRARY_PATH, or through the cache of --linker-cache.
            """;
        Examples =
        [
            new("torchyard cdi --install", "then: podman run --device nvidia.com/gpu=all IMAGE"),
            new("torchyard cdi --output gpu.json", "look at it first"),
        ];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var machine = GpuOptions.Machine(invocation);
        var injection = machine.Injection();
        var text = CdiDocument.Write(machine.AllGpus(), injection.Edits);
        foreach (var note in injection.Edits([]).Notes)
        {
            invocation.Screen.Progress.Warn(note);
        }

        var path =
            invocation.Get(_output) is { } file ? invocation.Caller.FullPath(file)
            : invocation.Get(_install) ? CdiDocument.DefaultPath
            : null;
        if (path is null)
        {
            invocation.Screen.Output.WriteLine(text);
        }
        else
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                AtomicFile.WriteText(path, text + "\n");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw CdiDocument.CannotInstall(path, e);
            }
        }

        if (invocation.Get(_cache) is { } cache)
        {
            WriteCache(invocation, injection, invocation.Caller.FullPath(cache));
        }

        return Task.FromResult(ExitCode.Done);
    }

    private void WriteCache(Invocation invocation, ContainerInjection injection, string target)
    {
        var root = invocation.Get(_root)
            ?? throw new TorchyardException("TY5017", "--linker-cache needs the image that it is for", "add --image-root DIR")
            {
                IsUsage = true,
            };
        using var image = ImageRoot.OfDirectory(invocation.Caller.FullPath(root));
        // Written under its own name alone: a file that somebody has put beside it is nothing to begin with.
        var cache = injection.LinkerCacheOf(image, out var note);
        try
        {
            AtomicFile.Write(target, cache);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CdiDocument.CannotInstall(target, e);
        }

        if (note is not null)
        {
            invocation.Screen.Progress.Note(note);
        }
    }
}

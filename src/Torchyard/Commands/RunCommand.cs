using System.CommandLine;
using Torchyard.Building;
using Torchyard.CommandLine;
using Torchyard.Containers;
using Torchyard.Containers.Engines;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.GpuAccess;
using Torchyard.Images;
using Torchyard.Platform;

namespace Torchyard.Commands;

/// <summary><c>torchyard run</c>: starts a container.</summary>
internal sealed class RunCommand : Verb, IStartsProgram
{
    private readonly RunOptions _options = new();
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Start nothing; print the docker line and the OCI configuration" };
    private readonly Option<string?> _engine = new("--engine") { Description = "Start it through podman or docker instead", HelpName = "ENGINE" };
    private readonly Option<string?> _runtime = new("--runtime") { Description = "crun or runc (default: crun, else runc)", HelpName = "RUNTIME" };
    private readonly Argument<string> _image = new("IMAGE") { Description = "Name, or start of a digest" };
    private readonly Argument<string[]> _command = new("COMMAND") { Description = "Program and arguments (default: the image's)", Arity = ArgumentArity.ZeroOrMore };

    public RunCommand()
        : base("run", VerbGroup.Containers, "Start a container from an image")
    {
        _options.AddTo(this);
        Options.Add(_dryRun);
        Options.Add(_engine);
        Options.Add(_runtime);
        Arguments.Add(_image);
        Arguments.Add(_command);
        Details = "Limits that are not named follow the machine: memory and CPUs leave the system a\nshare, /dev/shm is half of the memory limit. Everything outside of mounts and\nvolumes is lost with the container.";
        Examples =
        [
            new("torchyard run -it --rm cpu bash", "a shell that leaves nothing behind"),
            new("torchyard run --rm -v .:/workspace -w /workspace cpu python3 train.py", "a program of this directory"),
            new("torchyard run -d -p 8888:8888 cpu", "in the background, Jupyter on loopback"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        ContainerLauncher.Expect();
        var name = invocation.Get(_image)!;
        var requestFor = _options.Request(invocation, name, invocation.Get(_command) ?? []);
        var engine = Engine(invocation);
        var runtimes = Runtimes(invocation);
        var images = new ImageStore(invocation.Store);
        // Held until the container has its own copy of what it needs, so that a prune does not take the layers away in between.
        using var use = await images.BeginUseAsync(invocation.Screen.Progress, cancellation);
        var request = requestFor(await new MendedImage(invocation).FindAsync(name, cancellation));
        using var gpus = await ContainerGpus.ForContainerAsync(
            invocation, _options.GpuSelection(invocation), invocation.Get(_options.WaitForGpus), $"container {request.Name ?? name}", request.Image, cancellation);
        request = request with { Gpus = gpus?.Injection, Environment = [.. gpus?.Inherited ?? [], .. request.Environment] };
        var launcher = new ContainerLauncher(
            invocation.Containers(), new MendingLayers(invocation), runtimes, SelfProgram.Current, invocation.Screen.Progress);
        var detach = invocation.Get(_options.Detach);
        var other = new EngineRun(invocation.Store, engine ?? ContainerEngine.Docker, invocation.Get(_runtime), invocation.Screen.Progress);
        if (invocation.Get(_dryRun))
        {
            return await DescribeAsync(invocation, launcher, other, request, detach, cancellation);
        }

        if (engine is not null)
        {
            var line = await other.PrepareAsync(request, detach, cancellation);
            invocation.Screen.CloseProgress();
            throw other.Become(line);
        }

        using var signals = detach ? null : invocation.Interruption.TakeOver();
        try
        {
            if (!detach)
            {
                return await launcher.RunAsync(request, CancellationToken.None);
            }

            var session = await launcher.StartAsync(request, cancellation);
            invocation.Screen.Line(session.Record.Id);
            foreach (var port in session.Record.Ports)
            {
                invocation.Screen.ErrorLine($"published {port}");
            }

            return ExitCode.Done;
        }
        catch (TorchyardException failure) when (failure is { Code: "TY4041" or "TY4042" or "TY4043", IsUsage: false })
        {
            invocation.Screen.CloseProgress();
            invocation.Screen.ErrorLine($"torchyard: {failure.Code}: {failure.Message}");
            invocation.Screen.ErrorLine($"  {failure.Cure}");
            return StartFailure.ExitCode(failure);
        }
    }

    private static async Task<int> DescribeAsync(
        Invocation invocation, ContainerLauncher launcher, EngineRun engine, RunRequest request, bool detach, CancellationToken cancellation)
    {
        var configuration = await launcher.DescribeAsync(request, cancellation);
        var line = engine.Describe(request, detach);
        invocation.Screen.Line(EngineCommand.Quote(line));
        await invocation.Screen.Output.WriteLineAsync(configuration);
        invocation.Screen.Progress.Note($"{line[0]} has the image once 'torchyard run --engine {line[0]}' has run it");
        return ExitCode.Done;
    }

    private ContainerEngine? Engine(Invocation invocation) => invocation.Get(_engine) switch
    {
        null => null,
        "podman" => ContainerEngine.Podman,
        "docker" => ContainerEngine.Docker,
        var other => throw new TorchyardException("TY4063", $"--engine '{other}' cannot be used", "write podman or docker") { IsUsage = true },
    };

    private IOciRuntimeSource Runtimes(Invocation invocation) => invocation.Runtimes(invocation.Get(_runtime) switch
    {
        null => null,
        "crun" => OciRuntimeKind.Crun,
        "runc" => OciRuntimeKind.Runc,
        var other => throw new TorchyardException("TY4063", $"--runtime '{other}' cannot be used", "write crun or runc") { IsUsage = true },
    });
}

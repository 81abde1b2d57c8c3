using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Containers.Engines;
using Torchyard.Containers.Starting;
using Torchyard.Flows.Running;

namespace Torchyard.Commands;

/// <summary><c>torchyard run</c>: starts a container.</summary>
internal sealed class RunCommand : Verb, IEndsAsProgram
{
    private readonly RunOptions _options = new();
    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Start nothing; print the docker line and the OCI configuration",
    };
    private readonly Option<string?> _engine = new("--engine")
    {
        Description = "Start it through podman or docker instead",
        HelpName = "ENGINE",
    };
    private readonly Option<string?> _runtime = new("--runtime")
    {
        Description = "crun or runc (default: crun, else runc)",
        HelpName = "RUNTIME",
    };
    private readonly Argument<string> _image = new("IMAGE") { Description = "Name, start of a digest, or REGISTRY/NAME:TAG" };
    private readonly Argument<string[]> _command = new("COMMAND")
    {
        Description = "Program and arguments (default: the image's)",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public RunCommand()
        : base("run", VerbGroup.Containers, "Start a container from an image")
    {
        _options.AddTo(this);
        Options.Add(_dryRun);
        Options.Add(_engine);
        Options.Add(_runtime);
        _engine.CompletionSources.Add("podman", "docker");
        _runtime.CompletionSources.Add("crun", "runc");
        _image.CompletionSources.Add(ImageNames.Complete);
        Arguments.Add(_image);
        Arguments.Add(_command);
        Details =
            "Limits that are not named follow the machine: memory and CPUs leave the system a\nshare, /dev/shm is half of the memory "
            + "limit. Everything outside of mounts and\nvolumes is lost with the container.\n\n"
            + "An image of a registry that the store does not have is fetched first; its name\nhas a slash: docker.io/library/debian:13.";
        Examples =
        [
            new("torchyard run -it --rm cpu bash", "a shell that leaves nothing behind"),
            new("torchyard run --rm -v .:/workspace -w /workspace cpu python3 train.py", "a program of this directory"),
            new("torchyard run -d -p 8888:8888 cpu", "in the background, Jupyter on loopback"),
            new("torchyard run --rm --gpus all pytorch/pytorch:2.9.1-cuda12.8-cudnn9-runtime nvidia-smi", "an image of Docker Hub"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        ContainerLauncher.Expect();
        var arguments = _options.Read(invocation, invocation.Get(_image)!, invocation.Get(_command) ?? []) with
        {
            Engine = invocation.Get(_engine),
            Runtime = invocation.Get(_runtime),
        };
        using var run = await new RunFlow(invocation.Host).PrepareAsync(arguments, cancellation);
        var detach = arguments.Detach;
        if (invocation.Get(_dryRun))
        {
            return await DescribeAsync(invocation, run, detach, cancellation);
        }

        if (run.UsesOther)
        {
            var (program, line) = await run.Other.PrepareAsync(run.Request, detach, cancellation);
            invocation.Screen.CloseProgress();
            throw run.Other.Become(program, line);
        }

        using var signals = detach ? null : invocation.Interruption.TakeOver();
        if (!detach)
        {
            return await run.Launcher.RunAsync(run.Request, CancellationToken.None);
        }

        var session = await run.Launcher.StartAsync(run.Request, cancellation);
        invocation.Screen.Line(session.Record.Id);
        foreach (var port in session.Record.Ports)
        {
            invocation.Screen.ErrorLine($"published {port}");
        }

        return ExitCode.Done;
    }

    private static async Task<int> DescribeAsync(Invocation invocation, PreparedRun run, bool detach, CancellationToken cancellation)
    {
        var configuration = await run.Launcher.DescribeAsync(run.Request, cancellation);
        var line = run.Other.Describe(run.Request, detach);
        invocation.Screen.Line(EngineCommand.Quote(line));
        await invocation.Screen.Output.WriteLineAsync(configuration);
        invocation.Screen.Progress.Note($"{line[0]} has the image once 'torchyard run --engine {line[0]}' has run it");
        return ExitCode.Done;
    }
}

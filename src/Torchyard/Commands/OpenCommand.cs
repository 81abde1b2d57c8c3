using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Starting;

namespace Torchyard.Commands;

/// <summary><c>torchyard open</c>: where an environment's Jupyter is, or another of its services.</summary>
internal sealed class OpenCommand : Verb
{
    private readonly Argument<string?> _service = new("SERVICE")
    {
        Description = "jupyter, tensorboard or another service (default: jupyter, or the only one)",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> _container = new("--container", "-c")
    {
        Description = "Name, id, or a project's directory (default: the environment of this directory)",
        HelpName = "NAME",
    };
    private readonly Option<bool> _print = new("--print", "-p") { Description = "Print the address and open no browser" };

    public OpenCommand()
        : base("open", VerbGroup.Containers, "Print the address of an environment's Jupyter or other service, and open it on a desktop")
    {
        _service.CompletionSources.Add(ContainerNames.CompleteOpen);
        _container.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_service);
        Options.Add(_container);
        Options.Add(_print);
        Options.Add(GlobalOptions.Json);
        Details = """
            The address of Jupyter has its token, which only the owner of the environment can read. On a
            desktop (DISPLAY or WAYLAND_DISPLAY, and xdg-open) a browser opens it, by a page that only you
            can read: on a command line others would see the token.
            """;
        Examples =
        [
            new("torchyard open", "Jupyter of the environment of this directory"),
            new("torchyard open tensorboard", "another of its services"),
            new("torchyard open --container train --print", "print where Jupyter of the environment 'train' is"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var opened = await new OpenFlow(invocation.Host).RunAsync(
            new OpenRequest(invocation.Get(_service), invocation.Get(_container), invocation.Get(_print) || invocation.Json),
            cancellation
        );
        invocation.Answer(opened, OpenJson.Default.OpenedService, found => invocation.Screen.Line(found.Url));
        return ExitCode.Done;
    }
}

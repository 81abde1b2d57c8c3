using System.CommandLine;
using System.CommandLine.Completions;
using Torchyard.CommandLine;
using Torchyard.Flows.Copying;
using Torchyard.Platform.Text;

namespace Torchyard.Commands;

/// <summary><c>torchyard cp</c>: copies files into a container or out of it.</summary>
internal sealed class CpCommand : Verb
{
    private readonly Option<bool> _archive = new("--archive", "-a") { Description = "Keep the numbers of users and groups" };
    private readonly Option<bool> _follow = new("--follow-link", "-L") { Description = "Follow a link that SOURCE is" };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Do not say how much was copied" };
    private readonly Argument<string> _source = new("SOURCE") { Description = "PATH, CONTAINER:PATH, or '-' for a tar archive" };
    private readonly Argument<string> _destination = new("DESTINATION")
    {
        Description = "CONTAINER:PATH or PATH, or '-' for a tar archive",
    };

    public CpCommand()
        : base("cp", VerbGroup.Containers, "Copy files into a container or out of it")
    {
        Options.Add(_archive);
        Options.Add(_follow);
        Options.Add(_quiet);
        _source.CompletionSources.Add(Containers);
        _destination.CompletionSources.Add(Containers);
        Arguments.Add(_source);
        Arguments.Add(_destination);
        Details = """
            One of the two is in a container, which may have ended; :PATH is in the environment of this
            directory. A directory goes into one that is there, under its own name, else it becomes
            DESTINATION; with /. behind SOURCE, what is in it goes there. Permissions and times are kept.
            In the container copies belong to its user, on this machine to you.

            Links are copied as links. None is followed out of the container, nor on this machine out of
            a directory that containers can write. Set-user-id bits are taken off, and device nodes,
            FIFOs and sockets are left out.
            """;
        Examples =
        [
            new("torchyard cp train:/workspace/runs .", "a directory out of the container 'train'"),
            new("torchyard cp data.csv :/tmp/", "a file into the environment of this directory"),
            new("torchyard cp train:/var/log - | tar -t", "as a tar archive"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var (source, destination) = (invocation.Get(_source)!, invocation.Get(_destination)!);
        var copied = await new CopyFlow(invocation.Host).RunAsync(
            source,
            destination,
            invocation.Get(_follow),
            invocation.Get(_archive),
            cancellation
        );
        if (!invocation.Get(_quiet) && destination != "-")
        {
            invocation.Screen.ErrorLine($"copied {Count.Of(copied.Files, "file")} ({ByteSize.Decimal(copied.Bytes)}) to {destination}");
        }

        return ExitCode.Done;
    }

    private static IEnumerable<CompletionItem> Containers(CompletionContext context) =>
        ContainerNames.Complete(context).Select(container => new CompletionItem(container.Label + ":"));
}

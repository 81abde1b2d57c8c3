using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Adding;

namespace Torchyard.Commands;

/// <summary><c>torchyard add</c>: writes packages into the recipe and locks it.</summary>
internal sealed class AddCommand : Verb
{
    private readonly Argument<string[]> _packages = new("package")
    {
        Description = "A requirement as pip takes it (einops, 'torch>=2.9', a wheel, a URL, git+https://...), or a Debian package",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string[]> _files = new("--requirement", "-r")
    {
        Description = "A requirement file to name in the recipe; may be repeated",
        HelpName = "FILE",
    };

    private readonly Option<bool> _installed = new("--installed")
    {
        Description = "What pip has installed in the environment of this directory",
    };

    private readonly EditOptions _edit = new("The packages are Debian's, without asking a Python index");

    public AddCommand()
        : base("add", VerbGroup.Make, "Write packages into the recipe, and lock it")
    {
        Arguments.Add(_packages);
        Options.Add(_files);
        Options.Add(_installed);
        _edit.AddTo(this);
        Details = """
            A package goes to the end of its list, where only its own layer is made anew; comments, order
            and style of the recipe stay. One that is named already gets the new versions in its place.
            What no Python index has is looked for in Debian.

            The changed recipe is resolved first. When that fails, nothing is written: recipe and lock are
            byte for byte what they were.

            --installed closes the circle of 'pip install': what was tried in the running environment
            becomes part of the recipe, with the very version, and of the lock, and 'torchyard up
            --recreate' makes the image of it.
            """;
        Examples =
        [
            new("torchyard add einops 'transformers>=4.50'", "from Python's index"),
            new("torchyard add --system ffmpeg", "from Debian"),
            new("torchyard add ./vendor/mytool_1.2_amd64.deb", "a package file of the project"),
            new("torchyard add -r requirements.txt", "name a requirement file in the recipe"),
            new("torchyard add --installed", "what pip has installed in the environment"),
            new("torchyard add --dry-run xformers", "what would come with it?"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var outcome = await new AddFlow(invocation.Host).RunAsync(
            _edit.Read(invocation) with
            {
                Packages = invocation.Get(_packages) ?? [],
                RequirementFiles = invocation.Get(_files) ?? [],
                Installed = invocation.Get(_installed),
            },
            cancellation
        );
        invocation.Answer(outcome, EditJson.Default.EditOutcome, found => EditOptions.Show(invocation.Screen, found));
        return ExitCode.Done;
    }
}

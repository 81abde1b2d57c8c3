using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Platform.Files;

namespace Torchyard.Commands;

/// <summary>What <c>eng/release</c> asks: <c>torchyard manual-pages DIR DATE</c> writes torchyard.1 and a page for each verb.</summary>
internal sealed class ManualPagesCommand : Verb
{
    private readonly Argument<string> _directory = new("dir") { Description = "Directory for the pages; it is made if needed" };
    private readonly Argument<DateOnly> _date = new("date") { Description = "Date at the foot of the pages, such as 2026-11-30" };

    public ManualPagesCommand()
        : base("manual-pages", VerbGroup.Program, "Write the manual pages")
    {
        Hidden = true;
        Arguments.Add(_directory);
        Arguments.Add(_date);
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var directory = Directory.CreateDirectory(invocation.Caller.FullPath(invocation.Get(_directory)!)).FullName;
        foreach (var page in ManualPages.Of(CommandTree.Build(new GlobalOptions()), ProgramVersion.Number, invocation.Get(_date)))
        {
            AtomicFile.WriteText(Path.Combine(directory, page.FileName), page.Text);
        }

        return Task.FromResult(ExitCode.Done);
    }
}

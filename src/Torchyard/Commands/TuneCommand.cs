using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Reports.Page;

namespace Torchyard.Commands;

/// <summary><c>torchyard tune</c>: environment settings for this machine.</summary>
internal sealed class TuneCommand : Verb
{
    private readonly Option<bool> _export = new("--export")
    {
        Description = "Print shell lines for what is not set yet: eval \"$(torchyard tune --export)\"",
    };
    private readonly Option<int?> _gpus = new("--gpus") { Description = "GPUs that the program gets (default: all)", HelpName = "COUNT" };

    private readonly Option<string?> _bench = new("--bench")
    {
        Description = "What 'torchyard bench train --json' saw on these GPUs; decides about TF32",
        HelpName = "FILE",
    };

    public TuneCommand()
        : base("tune", VerbGroup.Machine, "Propose settings of PyTorch and NCCL for this machine, with reasons")
    {
        Options.Add(_gpus);
        Options.Add(_export);
        Options.Add(_bench);
        Options.Add(GlobalOptions.Json);
        Details = "A variable that you or the machine have set is never changed, whatever its value.";
        Examples =
        [
            new("torchyard tune", "what is proposed, and why"),
            new("torchyard bench train h100 --json > seen.json; torchyard tune --bench seen.json", "by what training gained here"),
        ];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var seen = invocation.Get(_bench) is { } file ? GpuReportFile.Read(invocation.Caller.FullPath(file)).Training : [];
        var settings = GpuOptions.Machine(invocation).Tune(Environment.ProcessorCount, invocation.Get(_gpus), seen);
        if (invocation.Get(_export))
        {
            foreach (var setting in settings.Where(s => s.Present is null))
            {
                invocation.Screen.Output.WriteLine($"export {setting.Name}='{setting.Value}'  # {setting.Reason}");
            }

            return Task.FromResult(ExitCode.Done);
        }

        invocation.Answer(settings, GpuJson.Default.IReadOnlyListTuneSetting, found =>
            invocation.Screen.Table(
                [new("VARIABLE", Whole: true), new("VALUE", Whole: true), new("WHY")],
                [.. found.Select(s => (IReadOnlyList<string>)[s.Name, s.Value, s.Reason])]
            )
        );
        return Task.FromResult(ExitCode.Done);
    }
}

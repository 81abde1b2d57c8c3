using System.CommandLine;
using System.Runtime.InteropServices;
using Torchyard.CommandLine;
using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Fit.Live;
using Torchyard.Fit.Require;
using Torchyard.Flows.Fitting;
using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Reports.Overview;

namespace Torchyard.Commands;

/// <summary><c>torchyard fit</c>: which PyTorch stack fits this machine, a named one, or a fleet, and by which rules.</summary>
internal sealed class FitCommand : Verb
{
    private readonly Option<string?> _torch = new("--torch")
    {
        Description = "PyTorch: 2.9, 2.9.1 or a range such as \">=2.8,<2.11\"",
        HelpName = "VERSION",
    };
    private readonly Option<string?> _build = new("--build") { Description = "Build: cpu, cu126, cu128, cu130, ...", HelpName = "BUILD" };
    private readonly Option<string?> _driver = new("--driver")
    {
        Description = "NVIDIA driver (default: this machine's), or 'none'",
        HelpName = "VERSION",
    };
    private readonly Option<string[]> _gpus = new("--gpu")
    {
        Description = "GPU model such as h100, or 'none' (default: this machine's); may be repeated",
        HelpName = "MODEL",
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<string?> _python = new("--python") { Description = "CPython of the image, such as 3.12", HelpName = "VERSION" };
    private readonly Option<string?> _glibc = new("--glibc")
    {
        Description = "glibc of the image (default: that of the base)",
        HelpName = "VERSION",
    };
    private readonly Option<string?> _base = new("--base")
    {
        Description = "Base system of the image (default: debian:13)",
        HelpName = "SYSTEM",
    };
    private readonly Option<string?> _arch = new("--arch")
    {
        Description = "x86_64 (amd64) or aarch64 (arm64) (default: that of the GPU's only hosts, else this machine's)",
        HelpName = "ARCH",
    };
    private readonly Option<string[]> _precisions = new("--precision")
    {
        Description = "Number format that every GPU must compute in: fp16, bf16, tf32, fp8, fp4; may be repeated",
        HelpName = "FORMAT",
    };

    private readonly Option<string?> _fleet = new("--fleet") { Description = "TOML file with the machines of a fleet", HelpName = "FILE" };
    private readonly Option<string?> _require = new("--require")
    {
        Description = "Value of NVIDIA_REQUIRE_CUDA in an image: does it accept this machine, and is it right?",
        HelpName = "EXPRESSION",
    };

    private readonly Option<bool> _offline = new("--offline") { Description = "Ask no index: what the store or the program knows must do" };
    private readonly Option<bool> _refresh = new("--refresh")
    {
        Description = "Ask the index which builds exist, however new the last answer is",
    };
    private readonly Option<bool> _check = new("--check-tables")
    {
        Description = "Compare the program's table of builds with the index; exit status 1 when they differ",
    };

    private readonly Option<bool> _sources = new("--sources") { Description = "Name the source of every fact" };

    public FitCommand()
        : base("fit", VerbGroup.Machine, "Say which PyTorch stack fits this machine or a fleet, and why")
    {
        foreach (
            var option in new Option[]
            {
                _torch,
                _build,
                _driver,
                _gpus,
                _python,
                _glibc,
                _base,
                _arch,
                _precisions,
                _fleet,
                _require,
                _offline,
                _refresh,
                _check,
                _sources,
                GlobalOptions.Json,
            }
        )
        {
            Options.Add(option);
        }

        Details = """
            What is not given is taken from this machine, or chosen. No GPU or driver is needed. With
            --gpu, the driver is that of --driver, not this machine's. Which builds exist is read from
            PyTorch's index once a day; without a network the program's own table answers.

            Exit status 0: something fits. 1: nothing does; the nearest stack that would is named.
            """;
        Examples =
        [
            new("torchyard fit", "the stack for this machine"),
            new("torchyard fit --gpu h100 --driver 535.183.01 --torch 2.11", "another machine, a given PyTorch"),
            new("torchyard fit --fleet machines.toml --json", "one stack for all machines, or the smallest set"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var builtIn = FitTables.Default;
        var live = new LiveBuilds(invocation.Host, builtIn);
        if (invocation.Get(_check))
        {
            return await CheckAsync(invocation, live, builtIn, cancellation);
        }

        var require = invocation.Get(_require) is { } written ? Read(written) : null;
        var question = new FitQuestion
        {
            Torch = invocation.Get(_torch),
            Build = invocation.Get(_build),
            Driver = invocation.Get(_driver),
            Gpus = invocation.Get(_gpus) ?? [],
            Python = invocation.Get(_python),
            Glibc = invocation.Get(_glibc),
            Base = invocation.Get(_base) ?? "debian:13",
            Architecture = invocation.Get(_arch),
            Precisions = invocation.Get(_precisions) ?? [],
        };
        var fleet = invocation.Get(_fleet) is { } file ? FleetFile.ReadFile(invocation.Caller.FullPath(file), file, builtIn) : null;
        var files = new MachineFiles();
        // NVML is asked only when this machine is meant; loading it takes longer than everything else here.
        var nvml =
            fleet is null && question.Gpus.Count == 0
                ? new GpuMachine(files, invocation.Caller.Variable, invocation.Caller.Clock).ReadGpus()
                : GpuSnapshot.None;
        var machine = MachineGpus.Read(files, nvml, builtIn);
        // A question that cannot be read is refused before anybody is asked.
        var (request, targets) = question.Read(machine, "this machine", Architecture(), fleet, builtIn);
        var found = await live.ReadAsync(invocation.Get(_offline), invocation.Get(_refresh), cancellation);
        var tables = found.Tables;
        foreach (var id in question.Gpus.Count == 0 && fleet is null ? machine.Unknown : [])
        {
            invocation.Screen.Progress.Warn($"the NVIDIA device {id} of this machine is not in the table and is left out");
        }

        var report = new FitEngine(tables).Resolve(request, targets);
        var answer = FitAnswer.Of(report, tables);
        if (require is not null && answer.Fits)
        {
            answer = Judge(require, report, answer, tables);
        }

        answer = answer with
        {
            AsOf = tables.AsOf,
            AsOfIndex = found.Snapshot?.Index,
            Notes = [.. fleet is null ? [] : FleetFile.Notes(fleet), .. found.Note is { } note ? [note] : (string[])[]],
        };

        invocation.Answer(answer, FitAnswerJson.Default.FitAnswer, shown =>
        {
            foreach (var line in FitAnswerText.Lines(shown, invocation.Get(_sources)))
            {
                invocation.Screen.Line(line);
            }
        });
        return answer.Fits ? ExitCode.Done : ExitCode.Failed;
    }

    private static async Task<int> CheckAsync(Invocation invocation, LiveBuilds live, FitTables tables, CancellationToken cancellation)
    {
        var found = await live.ReadAsync(offline: false, refresh: true, cancellation);
        var check = TableCheck.Of(tables, found.Snapshot!);
        invocation.Answer(check, TableCheckJson.Default.TableCheck, shown =>
        {
            foreach (var difference in shown.Differences)
            {
                invocation.Screen.Line(difference);
            }

            invocation.Screen.Line(
                $"{Count.Of(shown.Differences.Count, "difference")} between the table of {shown.Table} and the index of {shown.AsOf}"
            );
        });
        return check.Differences.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static RequireExpression Read(string expression) =>
        RequireExpression.TryParse(expression, out var parsed, out var error)
            ? parsed
            : throw new TorchyardException(
                "TY5206",
                $"the expression cannot be read: {error}",
                "copy the value of NVIDIA_REQUIRE_CUDA from the image's configuration"
            )
            {
                IsUsage = true,
            };

    private static FitAnswer Judge(RequireExpression parsed, FitReport report, FitAnswer answer, FitTables tables)
    {
        var refused = report
            .Stacks.SelectMany(stack => stack.Machines)
            .Where(verdict => verdict.Candidate.Torch.Cuda is not null && verdict.Target.Gpus.Count > 0)
            .Select(verdict =>
                verdict with
                {
                    Verdict = RequireCheck.Judge(parsed, verdict.Candidate.Torch.Cuda!.Value, verdict.Target, tables),
                }
            )
            .Where(verdict => verdict.Outcome == FitOutcome.Fail)
            .ToArray();
        return refused.Length == 0 ? answer : FitAnswer.Of(report with { ServesAll = false, Refused = refused, Chosen = [] }, tables);
    }

    private static string Architecture() =>
        RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "aarch64" : "x86_64";
}

using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Trimming;
using Torchyard.Platform.Text;
using Torchyard.Terminal;
using Torchyard.Trimming.Layout;

namespace Torchyard.Commands;

/// <summary><c>torchyard trim</c>: removes the code for other GPUs from CUDA libraries.</summary>
internal sealed partial class TrimCommand : Verb
{
    // Beyond these, a list on a terminal helps nobody; --json has all.
    private const int ShownFiles = 30;

    private readonly Argument<string> _path = new("path") { Description = "A directory with libraries, or one library" };

    private readonly Option<string[]> _gpus = new("--gpu")
    {
        Description = "GPUs that the libraries must still run on: models or architectures (a100,h100 or sm_80,sm_90)",
        HelpName = "MODEL,...",
        Required = true,
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<bool> _keepPtx = new("--keep-ptx") { Description = "Keep all PTX, for GPUs newer than the targets" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Show what would be removed and change nothing" };
    private readonly Option<string?> _output = new("--output")
    {
        Description = "Write the trimmed copy of one file there instead",
        HelpName = "FILE",
    };

    public TrimCommand()
        : base("trim", VerbGroup.Make, "Remove the code for other GPUs from CUDA libraries")
    {
        Arguments.Add(_path);
        foreach (var option in new Option[] { _gpus, _keepPtx, _dryRun, _output, GlobalOptions.Json })
        {
            Options.Add(option);
        }

        _gpus.CompletionSources.Add("a100", "h100", "h200", "sm_80", "sm_90");
        Details = """
            CUDA libraries carry machine code for every GPU generation. What the named GPUs can never load
            is removed, and the files shrink on disk; everything that stays keeps its address. Links are
            not followed. Files are replaced in one step and keep owner, permissions and time; hard links
            to the old file, as in a package cache, keep the old content.

            NVIDIA's licence restricts changed copies of its libraries: docs/trimming.md names the clause.
            """;
        Examples =
        [
            new("torchyard trim venv --gpu a100,h100 --dry-run", "what would go, and how much"),
            new("torchyard trim venv --gpu h100", "trim all libraries of an environment"),
        ];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var request = new TrimRequest
        {
            Path = invocation.Caller.FullPath(invocation.Get(_path)!),
            Gpus =
            [
                .. (invocation.Get(_gpus) ?? []).SelectMany(names =>
                    names.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                ),
            ],
            KeepPtx = invocation.Get(_keepPtx),
            DryRun = invocation.Get(_dryRun),
            Output = invocation.Get(_output) is { } output ? invocation.Caller.FullPath(output) : null,
        };
        var report = new TrimFlow(invocation.Host).Run(request, cancellation);
        invocation.Answer(report, TrimJson.Default.TrimReport, found => Show(found, invocation.Screen));
        return Task.FromResult(ExitCode.Done);
    }

    private static void Show(TrimReport report, Screen screen)
    {
        if (report.Files.Count > 0)
        {
            screen.Table(
                [
                    new("LIBRARY"),
                    new("BEFORE", Right: true, Whole: true),
                    new("AFTER", Right: true, Whole: true),
                    new("CODE", Right: true, Whole: true, Drop: 1),
                    new("KEPT", Right: true, Whole: true, Drop: 1),
                ],
                [.. report.Files.OrderByDescending(file => file.CodeBefore).Take(ShownFiles).Select(Row)]
            );
            if (report.Files.Count > ShownFiles)
            {
                screen.Line($"... and {report.Files.Count - ShownFiles} more; --json lists all");
            }

            screen.Line();
            screen.Table(
                [
                    new("DEVICE CODE"),
                    new("PIECES", Right: true),
                    new("BEFORE", Right: true, Whole: true),
                    new("AFTER", Right: true, Whole: true),
                ],
                [.. report.Classes.Select(Row)]
            );
            screen.Line();
        }

        foreach (var file in report.Files.Where(file => file.Notes.Count > 0))
        {
            foreach (var note in file.Notes)
            {
                screen.Line($"{file.Path}: {note}");
            }
        }

        foreach (var file in report.Untouched)
        {
            screen.Line($"left as it is: {file.Why}");
        }

        screen.Line(Sum(report));
    }

    private static string Sum(TrimReport report)
    {
        if (report.Files.Count == 0)
        {
            return "no library with CUDA device code was found";
        }

        var verb = report.DryRun ? "would go" : "went";
        return $"{Count.Of(report.Files.Count, "library")} for {string.Join(", ", report.Targets)}: "
            + $"{ByteSize.Decimal(report.BytesBefore)} before, {ByteSize.Decimal(report.BytesAfter)} after; "
            + $"{ByteSize.Decimal(report.CodeBefore - report.CodeAfter)} of {ByteSize.Decimal(report.CodeBefore)} of device code {verb}";
    }

    private static IReadOnlyList<string> Row(TrimmedLibrary file) =>
        [
            file.Path,
            ByteSize.Decimal(file.BytesBefore),
            ByteSize.Decimal(file.BytesAfter),
            ByteSize.Decimal(file.CodeBefore),
            ByteSize.Decimal(file.CodeAfter),
        ];

    private static IReadOnlyList<string> Row(CodeClass one) =>
        [one.Name, $"{one.KeptEntries}/{one.Entries}", ByteSize.Decimal(one.Bytes), ByteSize.Decimal(one.KeptBytes)];

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
    [JsonSerializable(typeof(TrimReport))]
    internal sealed partial class TrimJson : JsonSerializerContext;
}

using Torchyard.Jobs.Logs;

namespace Torchyard.Fuzz.Targets.Jobs;

internal sealed class JobLogTarget : TextTarget
{
    public override string Name => "job-log";

    public override string Input => "logs of jobs, which the ranks' programs write";

    public override IReadOnlyList<string> Words =>
        [
            "torchyard: 2026-11-30T23:56:44Z ",
            "failed ",
            "rank=3 ",
            "status=7",
            "[3] ",
            "Root Cause (first observed failure):\n",
            "  rank : 1",
            "\n",
        ];

    protected override object? Parse(string text) =>
        JobLog.ReadAsync(new StringReader(text), CancellationToken.None).GetAwaiter().GetResult();
}

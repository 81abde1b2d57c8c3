using Torchyard.Containers.Namespaces;
using Torchyard.Flows.Proving;
using Torchyard.Platform.Processes;
using Torchyard.Reports.Verify;

namespace Torchyard.Fuzz.Targets.Gpus;

/// <summary>What programs inside an image say of its GPUs: the image may be anybody's.</summary>
internal sealed class ProofTarget : TextTarget
{
    public override string Name => "proof-report";

    public override string Input => "reports of verify and bench that were run inside an image";

    public override IReadOnlyList<string> Words =>
        [
            "{\"kind\":\"verify\",\"created\":\"2025-01-01T00:00:00Z\",\"verdict\":{\"good\":true,\"text\":\"t\",\"reasons\":[]}}",
            "\"gpus\":[{\"index\":0}]",
            "\"verify\":[",
            "\"libraries\":[\"a\"]",
            "{\"error\":{\"code\":\"TY5002\",\"message\":\"m\",\"cure\":\"c\"}}",
            "{\"name\":\"a\",\"outcome\":\"passed\",\"detail\":\"d\",\"seconds\":1,\"gpu\":0}\n",
            "null",
            "\"\\ud800\"",
            "\n",
        ];

    protected override object? Parse(string text)
    {
        var lines = PyTorchVerification.Read(text, 1, text);
        var report = ProofReport.Read(new CommandResult(0, text, text), "verify", "image", SelfProgram.Current);
        Require(
            report
                is {
                    Libraries: not null,
                    Problems: not null,
                    Gpus: not null,
                    Verify: not null,
                    Bench: not null,
                    Verdict: { Text: not null, Reasons: not null }
                }
                && report.Gpus.All(gpu => gpu is { MigDevices: not null, Faults: not null })
                && report.Verify.All(result => result is not null)
                && report.Bench.All(result => result is not null),
            "a report has a part that is not there"
        );
        return (lines, report);
    }
}

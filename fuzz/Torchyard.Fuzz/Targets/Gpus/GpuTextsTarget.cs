using Torchyard.Containers.Gpus;
using Torchyard.Fit.Data;
using Torchyard.Fit.Require;
using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Platform.Text;

namespace Torchyard.Fuzz.Targets.Gpus;

/// <summary>Texts about GPUs: of images (NVIDIA_REQUIRE_CUDA, NVIDIA_VISIBLE_DEVICES), of the kernel's log, of the command line.</summary>
internal sealed class GpuTextsTarget : TextTarget
{
    private static readonly RequireFacts Facts = new(
        DottedVersion.Parse("12.8"),
        DottedVersion.Parse("570.1"),
        DottedVersion.Parse("9.0"),
        "tesla"
    );

    public override string Name => "gpu-texts";

    public override string Input => "NVIDIA's variables of images, Xid lines of the kernel's log, versions, choices of GPUs";

    public override IReadOnlyList<string> Words =>
        [
            "cuda>=12.8",
            "brand=tesla,driver>=535,driver<536",
            " ",
            "NVRM: Xid (PCI:0000:18:00): 79, pid=1\n",
            "all",
            "0,1",
            "GPU-01234567-89ab-cdef-0123-456789abcdef",
            "MIG-",
            "2.9.1",
            "999999999999",
            "c 195:0 666 0:0",
        ];

    protected override object? Parse(string text)
    {
        var require = RequireExpression.TryParse(text, out var expression, out var error);
        if (require)
        {
            Require(
                RequireExpression.TryParse(expression!.ToString(), out var again, out _) && again.Holds(Facts) == expression.Holds(Facts),
                "an expression that is written again holds elsewhere"
            );
        }

        var version = DottedVersion.TryParse(text, out var dotted) ? dotted.MajorMinor.ToString() : null;
        var torch = FitRequest.TryParseTorch(text, out var set) ? set.ToString() : null;
        return (
            expression?.ToString(),
            error,
            KernelLog.Xids(text),
            version,
            torch,
            DeviceNode.ParseRecorded("/dev/x", text),
            NearestName.Find(text, ["torchyard", "h100"]),
            DriverText.TryParse(text, FitTables.Default, out var driver, out var problem) ? driver.ToString() : problem.Message,
            MachineArchitecture.Parse(text),
            Selection(text)
        );
    }

    private static object Selection(string text)
    {
        try
        {
            return GpuSelection.Parse(text);
        }
        catch (TorchyardException refusal)
        {
            return refusal.Message;
        }
    }
}

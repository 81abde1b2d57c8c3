using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Runtimes;

/// <summary>crun, then runc, as the machine has them.</summary>
/// <param name="wanted">Only this one, or null for either.</param>
/// <param name="otherwise">Where to look when the machine has none, or null.</param>
public sealed class MachineRuntimeSource(OciRuntimeKind? wanted = null, IOciRuntimeSource? otherwise = null) : IOciRuntimeSource
{
    /// <inheritdoc />
    public async Task<OciRuntime> GetAsync(CancellationToken cancellation)
    {
        foreach (var kind in new[] { OciRuntimeKind.Crun, OciRuntimeKind.Runc })
        {
            if ((wanted is null || wanted == kind) && HostProgram.Find(kind == OciRuntimeKind.Crun ? "crun" : "runc") is { } program)
            {
                return new OciRuntime(kind, [program.Path]);
            }
        }

        if (otherwise is not null)
        {
            return await otherwise.GetAsync(cancellation);
        }

        var missing = wanted == OciRuntimeKind.Runc ? "runc" : "crun";
        throw new TorchyardException(
            "TY4010",
            wanted is null ? "neither crun nor runc is on this machine" : $"{missing} is not on this machine",
            $"install it (apt-get install {missing}, or dnf install {missing})" + (wanted is null ? "" : ", or leave --runtime out")
        );
    }
}

using Torchyard.Containers.State;
using Torchyard.Platform;

namespace Torchyard.Containers.Launch;

/// <summary>Says why a runtime could not start a program.</summary>
public static class StartFailure
{
    /// <summary>The failure for a message of crun or runc.</summary>
    internal static TorchyardException From(ContainerRecord record, string message)
    {
        var program = record.Command.Count > 0 ? record.Command[0] : "";
        // crun: "open executable: Permission denied"; runc: "exec: \"/x\": permission denied".
        if (message.Contains("ermission denied", StringComparison.Ordinal) && message.Contains("exec", StringComparison.Ordinal)
            && !message.Contains("cgroup", StringComparison.Ordinal) && !message.Contains("mount", StringComparison.Ordinal))
        {
            return new TorchyardException("TY4042", $"{program} in the image cannot be executed: {message}", "check its mode and that it is no directory");
        }

        if (message.Contains("executable file", StringComparison.Ordinal) || message.Contains("no such file or directory", StringComparison.OrdinalIgnoreCase)
            && message.Contains("exec", StringComparison.Ordinal))
        {
            return new TorchyardException("TY4041", $"the image has no program '{program}': {message}", "check the name and PATH, or start a shell: torchyard run -it IMAGE sh");
        }

        return new TorchyardException(
            "TY4043",
            $"{record.Runtime.Name} could not start the container: {message}",
            "run torchyard doctor, which checks what this machine lacks for containers; --runtime chooses the other runtime");
    }

    /// <summary>Exit status of <c>run</c> and <c>exec</c> for a failure, as docker has it.</summary>
    public static int ExitCode(TorchyardException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return failure.Code switch
        {
            "TY4041" => 127,
            "TY4042" => 126,
            _ => 125,
        };
    }
}

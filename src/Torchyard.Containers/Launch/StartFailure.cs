using System.Text.RegularExpressions;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.State;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Launch;

/// <summary>
/// Says why a program did not start. The only place that reads what crun and runc say: their words, which differ from version to version,
/// are kept for <c>--verbose</c>.
/// </summary>
public static partial class StartFailure
{
    /// <summary>The failure for a message of crun or runc.</summary>
    /// <param name="record">The container, with the program as its command.</param>
    /// <param name="said">What the runtime printed or logged: text, or JSON lines.</param>
    internal static TorchyardException From(ContainerRecord record, string said)
    {
        var message = RuntimeLog.Words(said);
        if (Own().Match(message) is { Success: true } own)
        {
            // This program, inside a user namespace.
            return new TorchyardException(own.Groups[1].Value, own.Groups[2].Value, own.Groups[3].Value);
        }

        var program = record.Command.Count > 0 ? record.Command[0] : "";
        var inner = new RuntimeException($"{record.Runtime.Name}: {said}");
        bool Says(string words) => message.Contains(words, StringComparison.OrdinalIgnoreCase);

        // crun: "chdir `/x`: Not a directory"; runc: "chdir to cwd ("/x") set in config.json failed: not a directory".
        if (Directory().Match(message) is { Success: true } directory)
        {
            var why =
                Says("not a directory") ? "is a file"
                : Says("permission denied") ? "cannot be entered by the program's user"
                : "is not there";
            return new TorchyardException(
                "TY4067",
                $"the program cannot start in {directory.Groups[1].Value}, which {why}",
                "name another directory with --workdir, or make it",
                inner
            )
            {
                IsUsage = true,
            };
        }

        if (Says("argument list too long"))
        {
            return ProgramSize.TooLong("arguments and environment are longer than the kernel gives to a program");
        }

        if (Says("sethostname"))
        {
            return new TorchyardException(
                "TY4066",
                "the kernel does not take the container's host name",
                "name another one with --hostname",
                inner
            )
            {
                IsUsage = true,
            };
        }

        if (Says("resource temporarily unavailable"))
        {
            return new TorchyardException(
                "TY4069",
                $"{program} cannot be started: a limit on processes is reached",
                "raise --pids-limit or --ulimit nproc, or leave them out",
                inner
            );
        }

        if (Says("exec format error"))
        {
            return new TorchyardException(
                "TY4042",
                $"{program} in the image cannot be executed: it is not a program for this machine's processor, or a script whose first "
                    + "line is not #!INTERPRETER",
                "start it with its interpreter: sh FILE, python3 FILE",
                inner
            );
        }

        // crun: "open executable: Permission denied"; runc: "exec: \"/x\": permission denied". A directory is "Operation not permitted" to
        // crun.
        if (
            (Says("permission denied") || Says("operation not permitted") || Says("is a directory"))
            && Says("exec")
            && !Says("cgroup")
            && !Says("mount")
        )
        {
            return new TorchyardException(
                "TY4042",
                $"{program} in the image cannot be executed: {(Says("permission denied") ? "permission denied" : "it is not a program")}",
                "check its mode and that it is not a directory",
                inner
            );
        }

        if (Says("executable file") || (Says("no such file or directory") && Says("exec")))
        {
            return new TorchyardException(
                "TY4041",
                program.Contains('/', StringComparison.Ordinal)
                    ? $"the image has no program '{program}', or not the interpreter that it names"
                    : $"the image has no program '{program}'",
                "check the name and PATH, or start a shell: torchyard run -it IMAGE sh",
                inner
            );
        }

        return new TorchyardException(
            "TY4043",
            $"{record.Runtime.Name} could not start the container: {message}",
            "run torchyard doctor, which checks what this machine lacks for containers; --runtime chooses the other runtime",
            inner
        );
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

    [GeneratedRegex(@"^torchyard: (TY[0-9]{4}): (.+); ([^;]+)\z", RegexOptions.Singleline)]
    private static partial Regex Own();

    [GeneratedRegex("chdir (?:to )?(?:cwd )?[`(\"']+([^`)\"']*)[`)\"']")]
    private static partial Regex Directory();
}

/// <summary>What a runtime said, in its own words; shown by <c>--verbose</c>.</summary>
internal sealed class RuntimeException(string said) : Exception(said);

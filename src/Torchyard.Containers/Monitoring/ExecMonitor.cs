using Torchyard.Containers.Launch;
using Torchyard.Containers.Logs;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Monitoring;

/// <summary>
/// Watches a program that was left to itself in a container: keeps its output and its exit status. A process of its own, so that neither
/// the caller's end nor that of a terminal reaches the program.
/// </summary>
internal sealed class ExecMonitor(ContainerDirectory container, ExecDirectory exec, SelfProgram self, TimeProvider clock)
{
    /// <summary>Runs the program to its end.</summary>
    /// <param name="prepared">What <see cref="ContainerExec.PrepareDetached"/> gave.</param>
    /// <param name="report">Tells the caller one line: <c>running</c>, or the failure.</param>
    public async Task RunAsync(string prepared, Action<string> report)
    {
        var state = exec.Read() ?? throw new InvalidOperationException($"there is no record in {exec.Root}");
        state = state with { Monitor = ProcessIdentity.Current };
        exec.Write(state);
        try
        {
            var init = container.ReadState()?.Init
                ?? throw new TorchyardException("TY4046", "the container is not running", "torchyard ps -a shows how it ended");
            int code;
            using (var log = new LogWriter(exec.Log, clock))
            {
                code = await new ContainerExec(container, container.RequireRecord(), init, self).RunDetachedAsync(
                    prepared,
                    Keep(log, "stdout"),
                    Keep(log, "stderr"),
                    program =>
                    {
                        state = state with { Program = program };
                        exec.Write(state);
                        report("running");
                    }
                );
            }

            exec.Write(state with { Finished = Now(), ExitCode = code });
            report("running");
        }
        catch (Exception error)
        {
            var failure =
                error as TorchyardException
                ?? new TorchyardException(
                    "TY4045",
                    $"the program's monitor failed: {error.Message}",
                    "run the command again; torchyard doctor checks the machine",
                    error
                );
            exec.Write(
                state with
                {
                    Finished = Now(),
                    ExitCode = state.Program is null ? StartFailure.ExitCode(failure) : null,
                    Error = failure.Message,
                }
            );
            report("failed\t" + MonitorFailure.Write(failure));
        }
    }

    private static ProgramSink Keep(LogWriter log, string stream) =>
        data =>
        {
            log.Write(stream, data);
            return true;
        };

    private long Now() => clock.GetUtcNow().ToUnixTimeMilliseconds();
}

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Torchyard.Containers.Copying;
using Torchyard.Containers.Idle;
using Torchyard.Containers.Monitoring;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Network;
using Torchyard.Containers.State;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Streams.Descriptors;

namespace Torchyard.Containers.Starting;

/// <summary>
/// Verbs that the program calls itself with; they are not for users and not in the help.
/// The entry point must ask <see cref="TryRun"/> before it reads the command line.
/// </summary>
public static class HiddenVerbs
{
    /// <summary>Runs a hidden verb.</summary>
    /// <param name="arguments">The command line without the program.</param>
    /// <param name="exitCode">Exit status of the verb.</param>
    /// <returns>False when the command line is an ordinary one.</returns>
    public static bool TryRun(IReadOnlyList<string> arguments, out int exitCode)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        exitCode = 0;
        switch (arguments)
        {
            case [SelfVerbs.Enter, var plan, _, ..]:
                exitCode = EnterNamespace(plan, [.. arguments.Skip(2)]);
                return true;
            case [SelfVerbs.Connect, var socket]:
                Connector.Run(socket);
                return true;
            case [SelfVerbs.Monitor, var directory, var mode]:
                RunMonitor(new ContainerDirectory(directory), mode == "attach");
                return true;
            case [SelfVerbs.Exec, var directory, var number, var prepared]:
                RunExec(new ContainerDirectory(directory), int.Parse(number, CultureInfo.InvariantCulture), prepared);
                return true;
            case [SelfVerbs.Copy, var plan]:
                exitCode = CopyProcess.Run(plan);
                return true;
            case [SelfVerbs.GpuUse, ..]:
                Print(GpuUseReader.Answer(arguments.Skip(1)));
                return true;
            default:
                return false;
        }
    }

    private static void RunMonitor(ContainerDirectory directory, bool waitForClient) =>
        Watch(report => new ContainerMonitor(directory, SelfProgram.Current, TimeProvider.System).RunAsync(waitForClient, report));

    private static void RunExec(ContainerDirectory directory, int number, string prepared) =>
        Watch(report =>
            new ExecMonitor(directory, ExecDirectory.Of(directory, number), SelfProgram.Current, TimeProvider.System).RunAsync(
                prepared,
                report
            )
        );

    private static void Watch(Func<Action<string>, Task> watch)
    {
        // Out of the caller's session: neither its Ctrl-C nor the end of its terminal reaches the program.
        _ = ProcessCalls.NewSession();
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        var report = new DescriptorOutputStream(StandardDescriptor.Output);
        watch(line =>
            {
                // When the caller left, the program goes on.
                report.TryWrite(Encoding.UTF8.GetBytes(line + "\n"));
            })
            .GetAwaiter()
            .GetResult();
    }

    private static int EnterNamespace(string planFile, IReadOnlyList<string> program)
    {
        try
        {
            NamespaceSetup.Apply(NamespaceJson.Plan.Require(planFile));
            var error = ProcessReplacement.ExecuteHere(HostProgram.Checked(program[0]), program);
            Complain($"torchyard: cannot start {program[0]}: {error}");
        }
        catch (TorchyardException error)
        {
            Complain($"torchyard: {error.Code}: {error.Message}; {error.Cure}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Complain($"torchyard: {error.Message}");
        }

        return SelfVerbs.Failed;
    }

    private static void Print(string text) =>
        new DescriptorOutputStream(StandardDescriptor.Output).TryWrite(Encoding.UTF8.GetBytes(text + "\n"));

    private static void Complain(string text) =>
        new DescriptorOutputStream(StandardDescriptor.Error).TryWrite(Encoding.UTF8.GetBytes(text + "\n"));
}

using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Torchyard.Containers.Monitoring;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Native;
using Torchyard.Containers.Network;
using Torchyard.Containers.State;
using Torchyard.Platform;

namespace Torchyard.Containers;

/// <summary>
/// Verbs that the program calls itself with; they are not for users and not in the help.
/// The entry point must ask <see cref="TryRun"/> before it reads the command line.
/// </summary>
public static class HiddenVerbs
{
    /// <summary><c>__enter PLAN PROGRAM ARGUMENTS…</c>: prepares a mount namespace and becomes the program.</summary>
    internal const string Enter = "__enter";

    /// <summary><c>__connect SOCKET</c>: connects sockets inside a network namespace (<see cref="Connector"/>).</summary>
    internal const string Connect = "__connect";

    /// <summary><c>__monitor DIRECTORY attach|detached</c>: watches a container (<see cref="ContainerMonitor"/>).</summary>
    internal const string Monitor = "__monitor";

    /// <summary>Exit status when a hidden verb itself failed, as docker has it.</summary>
    internal const int Failed = 125;

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
            case [Enter, var plan, _, ..]:
                exitCode = EnterNamespace(plan, [.. arguments.Skip(2)]);
                return true;
            case [Connect, var socket]:
                Connector.Run(socket);
                return true;
            case [Monitor, var directory, var mode]:
                RunMonitor(new ContainerDirectory(directory), mode == "attach");
                return true;
            default:
                return false;
        }
    }

    private static void RunMonitor(ContainerDirectory directory, bool waitForClient)
    {
        // Out of the caller's session: neither its Ctrl-C nor the end of its terminal reaches the container.
        _ = Libc.NewSession();
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        using var report = Console.OpenStandardOutput();
        new ContainerMonitor(directory, SelfProgram.Current, TimeProvider.System).RunAsync(waitForClient, line =>
        {
            try
            {
                report.Write(Encoding.UTF8.GetBytes(line + "\n"));
            }
            catch (IOException)
            {
                // The caller left; the container goes on.
            }
        }).GetAwaiter().GetResult();
    }

    private static int EnterNamespace(string planFile, IReadOnlyList<string> program)
    {
        try
        {
            var plan = JsonSerializer.Deserialize(File.ReadAllBytes(planFile), NamespaceJson.Default.NamespacePlan)
                ?? throw new InvalidDataException($"{planFile} is empty");
            NamespaceSetup.Apply(plan);
            var environment = new List<string>();
            foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
            {
                environment.Add($"{variable.Key}={variable.Value}");
            }

            // execve(2) from the thread that made the namespace: the kernel ends the other threads and keeps this one's view.
            var error = Libc.Execute(program[0], program, environment);
            Console.Error.WriteLine($"torchyard: cannot start {program[0]}: {Errno.Text(error)}");
        }
        catch (TorchyardException error)
        {
            Console.Error.WriteLine($"torchyard: {error.Code}: {error.Message}; {error.Cure}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            Console.Error.WriteLine($"torchyard: {error.Message}");
        }

        return Failed;
    }
}

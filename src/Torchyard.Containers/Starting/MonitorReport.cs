using System.Diagnostics;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Namespaces;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Starting;

/// <summary>A process of this program that watches something and tells, in one line, how its start went.</summary>
internal static class MonitorReport
{
    /// <summary>Starts it, out of the caller's hands.</summary>
    public static Process Start(SelfProgram self, params string[] arguments)
    {
        var start = HostProcess.Prepare(self.Program, "/", arguments);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        return HostProcess.Start(start);
    }

    /// <summary>Waits for the line.</summary>
    /// <param name="monitor">A process of <see cref="Start"/>.</param>
    /// <param name="expected">What it says when all is well.</param>
    /// <exception cref="TorchyardException">What it says else; TY4045 when it says nothing.</exception>
    public static async Task ReadAsync(Process monitor, string expected)
    {
        var line = await monitor.StandardOutput.ReadLineAsync();
        if (line == expected)
        {
            return;
        }

        if (line?.Split('\t') is ["failed", .. var parts] && MonitorFailure.TryRead(parts) is { } failure)
        {
            throw failure;
        }

        var error = await monitor.StandardError.ReadToEndAsync();
        throw new TorchyardException(
            "TY4045",
            $"the container's monitor ended before the program ran: {error.Trim().Split('\n')[^1]}",
            "run the command again with --verbose; torchyard doctor checks the machine"
        );
    }
}

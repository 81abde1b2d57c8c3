#pragma warning disable RS0030 // The only place that starts processes: everything else goes through it.
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Streams.Descriptors;

namespace Torchyard.Platform.Processes;

/// <summary>
/// Starts programs of the host, never through a shell. A start names a checked program and a working directory; the program gets the
/// standard streams, no other open file, and a PATH without entries that others may write to.
/// </summary>
public static class HostProcess
{
    private const uint FirstAfterStandardStreams = 3;

    // A killed process is gone at once, unless the kernel itself waits for a disk or a server.
    private static readonly TimeSpan AfterKill = TimeSpan.FromSeconds(5);

    /// <summary>Describes a start; the caller may redirect streams and change the environment.</summary>
    /// <param name="program">The program.</param>
    /// <param name="workingDirectory">Absolute; <c>/</c> for all that need none, so that nothing is read from the caller's by
    /// accident.</param>
    /// <param name="arguments">Arguments, as they are.</param>
    public static ProcessStartInfo Prepare(HostProgram program, string workingDirectory, params IEnumerable<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(program);
        var start = new ProcessStartInfo(program.Path, arguments) { WorkingDirectory = workingDirectory, UseShellExecute = false };
        start.Environment["PATH"] = HostProgram.SearchPath;
        return start;
    }

    /// <summary>Has another program start what is described: <c>outer before… program arguments…</c>.</summary>
    /// <param name="start">What is described; changed.</param>
    /// <param name="outer">The program that starts it.</param>
    /// <param name="before">Its own arguments.</param>
    public static void Wrap(ProcessStartInfo start, HostProgram outer, params IEnumerable<string> before)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(outer);
        List<string> arguments = [.. before, start.FileName, .. start.ArgumentList];
        start.FileName = outer.Path;
        start.ArgumentList.Clear();
        arguments.ForEach(start.ArgumentList.Add);
    }

    /// <summary>Starts what <see cref="Prepare"/> described.</summary>
    /// <exception cref="TorchyardException">TY9021: the kernel does not start it.</exception>
    public static Process Start(ProcessStartInfo start)
    {
        ArgumentNullException.ThrowIfNull(start);
        if (!start.FileName.StartsWith('/') || !start.WorkingDirectory.StartsWith('/') || start.UseShellExecute)
        {
            throw new InvalidOperationException(
                $"'{start.FileName}' in '{start.WorkingDirectory}': a start needs an absolute program and an absolute working directory"
            );
        }

        KeepDescriptors();
        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start");
        }
        catch (Win32Exception error)
        {
            throw new TorchyardException(
                PlatformCodes.ProgramMissing,
                $"{start.FileName} cannot be started in {start.WorkingDirectory}: {error.Message}",
                "check its mode and that it is made for this machine",
                error
            );
        }
    }

    /// <summary>Waits for a started program as long as its kind may take; one that takes longer is killed with its children.</summary>
    /// <param name="process">The program.</param>
    /// <param name="bounds">Their time counts.</param>
    /// <param name="name">What people call it.</param>
    /// <param name="cancellation">Ends the wait, and leaves the program alone.</param>
    /// <exception cref="TorchyardException">TY9027: its time was over.</exception>
    public static async Task WaitAsync(Process process, ProgramBounds bounds, string name, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(process);
        ArgumentNullException.ThrowIfNull(bounds);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stop.CancelAfter(bounds.Time);
        try
        {
            await process.WaitForExitAsync(stop.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Kill(process);
            throw bounds.Expired(name);
        }
    }

    /// <summary>The same without giving up the thread.</summary>
    public static void Wait(Process process, ProgramBounds bounds, string name)
    {
        ArgumentNullException.ThrowIfNull(process);
        ArgumentNullException.ThrowIfNull(bounds);
        if (!process.WaitForExit(bounds.Time))
        {
            Kill(process);
            throw bounds.Expired(name);
        }
    }

    /// <summary>What a program that has ended left in a redirected stream; a process that it left behind is not waited for.</summary>
    /// <param name="stream">Its standard output or error, which is closed.</param>
    public static async Task<string> RemainderAsync(StreamReader stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var over = new EndEvent();
        over.Set();
        var rest = new ProgramOutput(stream, ProgramBounds.Answer.Output, over, static () => { });
        await rest.Done;
        return rest.Text;
    }

    /// <summary>Kills a program and its children; nothing happens when it has ended, or belongs to somebody else by now.</summary>
    public static void Kill(Process process)
    {
        ArgumentNullException.ThrowIfNull(process);
        try
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(AfterKill);
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended by itself in between, or is a set-user-id program such as newuidmap.
        }
    }

    /// <summary>
    /// What the caller of this process left open, such as a lock or a file of secrets, is not for programs that outlive it.
    /// </summary>
    private static void KeepDescriptors()
    {
        if (OpenCalls.CloseOnStart(FirstAfterStandardStreams))
        {
            return;
        }

        // Before Linux 5.11.
        foreach (var entry in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            if (
                int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out var descriptor)
                && descriptor >= FirstAfterStandardStreams
            )
            {
                ControlCalls.CloseOnStart(descriptor);
            }
        }
    }
}

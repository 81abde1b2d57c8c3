using System.Runtime.CompilerServices;
using Torchyard.Platform;

namespace Torchyard.Containers.Logs;

/// <summary>Reads the log of one service from the directory that the supervisor writes to (<c>NAME.log</c>).</summary>
public static class ServiceLog
{
    /// <summary>Reads a service's log.</summary>
    /// <param name="directory">The host's view of /var/log/torchyard.</param>
    /// <param name="service">Name of the service.</param>
    /// <param name="tail">Only the last so many lines, or null for all.</param>
    /// <param name="follow">Null to stop at the end; else goes on until it says that no more will come.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="TorchyardException">TY4061: there is no such log.</exception>
    public static async IAsyncEnumerable<string> ReadAsync(
        string directory, string service, int? tail, Func<bool>? follow, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var path = Path.Combine(directory, service + ".log");
        // The directory is written by the container: a link in it could lead to any file of the caller's.
        if (service.Contains('/', StringComparison.Ordinal) || !File.Exists(path) || new FileInfo(path).LinkTarget is not null)
        {
            var known = Directory.Exists(directory)
                ? string.Join(", ", Directory.EnumerateFiles(directory, "*.log").Select(Path.GetFileNameWithoutExtension).Order())
                : "";
            throw new TorchyardException(
                "TY4061",
                $"there is no log of a service '{service}'",
                known.Length > 0 ? $"services with a log: {known}" : "the container has written no service logs yet");
        }

        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        var last = new Queue<string>();
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            last.Enqueue(line);
            if (last.Count > (tail ?? int.MaxValue))
            {
                last.Dequeue();
            }
        }

        while (last.TryDequeue(out var line))
        {
            yield return line;
        }

        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (follow is not null)
        {
            var more = follow();
            while (await reader.ReadLineAsync(cancellation) is { } line)
            {
                yield return line;
            }

            if (!more)
            {
                break;
            }

            await timer.WaitForNextTickAsync(cancellation);
        }
    }
}

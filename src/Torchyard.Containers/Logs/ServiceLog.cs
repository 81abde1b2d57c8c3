using System.Runtime.CompilerServices;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Logs;

/// <summary>Reads the log of one service from the directory that the supervisor writes to (<c>NAME.log</c>).</summary>
public static class ServiceLog
{
    /// <summary>Code of a service that has no log.</summary>
    public const string NoLog = "TY4061";

    /// <summary>Reads a service's log.</summary>
    /// <param name="directory">The host's view of /var/log/torchyard.</param>
    /// <param name="service">Name of the service.</param>
    /// <param name="tail">Only the last so many lines, or null for all.</param>
    /// <param name="follow">Null to stop at the end; else goes on until it says that no more will come.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="TorchyardException">TY4061: there is no such log, or it is something else.</exception>
    public static async IAsyncEnumerable<string> ReadAsync(
        UntrustedDirectory directory,
        string service,
        int? tail,
        Func<bool>? follow,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        // The directory is written by the container: a link in it could lead to any file of the caller's, and whatever else is put in the
        // log's place comes after every look at it. So it is opened once, from inside the directory, and what was opened is read.
        using var place = directory.TryOpen();
        using var file = service.Contains('/', StringComparison.Ordinal) ? null : Open(place, service + ".log");
        if (file is null)
        {
            var known = string.Join(", ", Names(place));
            throw new TorchyardException(
                NoLog,
                $"there is no log of a service '{service}'",
                known.Length > 0 ? $"services with a log: {known}" : "the container has written no service logs yet"
            );
        }

        var lines = new BoundedLines(file);
        if (tail is { } most)
        {
            var last = new Queue<string>();
            foreach (var line in lines.Read(cancellation))
            {
                last.Enqueue(line);
                if (last.Count > most)
                {
                    last.Dequeue();
                }
            }

            if (follow is null && lines.Rest() is { } unfinished)
            {
                last.Enqueue(unfinished);
                if (last.Count > most)
                {
                    last.Dequeue();
                }
            }

            while (last.TryDequeue(out var line))
            {
                yield return line;
            }
        }

        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (var more = true; more; )
        {
            more = follow?.Invoke() ?? false;
            foreach (var line in lines.Read(cancellation))
            {
                yield return line;
            }

            if (more)
            {
                await timer.WaitForNextTickAsync(cancellation);
            }
        }

        if (lines.Rest() is { } rest)
        {
            yield return rest;
        }
    }

    /// <summary>Services that have a log.</summary>
    /// <param name="directory">The host's view of /var/log/torchyard.</param>
    public static IReadOnlyList<string> Names(UntrustedDirectory directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        using var place = directory.TryOpen();
        return Names(place);
    }

    private static IReadOnlyList<string> Names(ConfinedDirectory? place) =>
        [
            .. (place?.List() ?? [])
                .Where(name => name.EndsWith(".log", StringComparison.Ordinal))
                .Select(name => Path.GetFileNameWithoutExtension(name)!)
                // The container chooses what else lies there; only what a recipe could have named is a service.
                .Where(ServiceName.IsValid)
                .Order(StringComparer.Ordinal),
        ];

    private static FileStream? Open(ConfinedDirectory? place, string name)
    {
        try
        {
            return place?.OpenRead(name);
        }
        catch (TorchyardException failure) when (failure.Code is PlatformCodes.NotRegular or PlatformCodes.LinkOut)
        {
            throw new TorchyardException(
                NoLog,
                failure.Message,
                "a program in the container put it there; torchyard exec shows what it is",
                failure
            );
        }
    }
}

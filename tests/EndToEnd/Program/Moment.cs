using System.Globalization;

namespace Torchyard.EndToEnd.Program;

/// <summary>
/// A moment of the program's work, told by what it has changed in a part of its store: so a kill hits the same place on fast and slow
/// machines.
/// </summary>
/// <param name="Directory">Part of the store.</param>
/// <param name="Count">Changes there.</param>
internal sealed record Moment(string Directory, int Count)
{
    /// <summary>Starts the program and kills it, as kill -9 does, when the moment has come.</summary>
    /// <returns>What happened, for the message of a failed test; it begins with <c>killed</c> unless the program ended before.</returns>
    public async Task<string> KillAtAsync(TestStore store, string project, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var part = Path.Combine(store.Store, Directory);
        using var made = new SemaphoreSlim(0);
        using var watcher = new FileSystemWatcher(store.Store) { IncludeSubdirectories = true, InternalBufferSize = 65536 };
        watcher.Created += (_, change) => Count(change);
        watcher.Renamed += (_, change) => Count(change);
        watcher.EnableRaisingEvents = true;
        void Count(FileSystemEventArgs change)
        {
            if (change.FullPath.StartsWith(part, StringComparison.Ordinal))
            {
                made.Release();
            }
        }

        using var program = store.Start(project, arguments);
        var output = program.StandardOutput.ReadToEndAsync(cancellation);
        var error = program.StandardError.ReadToEndAsync(cancellation);
        var ended = program.WaitForExitAsync(cancellation);
        for (var count = 0; count < this.Count && !ended.IsCompleted; count++)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            await Task.WhenAny(made.WaitAsync(stop.Token), ended);
            await stop.CancelAsync();
        }

        var wasRunning = !program.HasExited;
        if (wasRunning)
        {
            program.Kill();
        }

        await ended;
        var text = string.Create(CultureInfo.InvariantCulture, $"{(wasRunning ? "killed" : "ended")} at {Directory} {this.Count}");
        // A killed program's streams may live on in what it started.
        return wasRunning ? text : $"{text}: {await output}{await error}";
    }
}

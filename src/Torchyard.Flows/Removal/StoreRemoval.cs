using Torchyard.Flows.Access;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Removal;

/// <summary>
/// Removes a whole store, as the last command of somebody who has no more use for Torchyard. Files of an ordinary user's containers belong
/// to ids that only the store's user namespace can remove, so that rm(1) leaves them.
/// </summary>
internal static class StoreRemoval
{
    // Whatever else is there was put there by somebody else: a store may be in a directory that has more.
    private static readonly string[] Names =
    [
        "oci",
        "packages",
        "indexes",
        "layers",
        "containers",
        "volumes",
        "projects",
        "caches",
        "tools",
        "filters",
        "build",
        "tmp",
        "ssh",
        "locks",
        "gpus",
        "index.copy.json",
        "index.lock",
        "use.lock",
    ];

    /// <summary>Removes it, after a question where <paramref name="agreed"/> is false.</summary>
    /// <returns>What was in it and is not Torchyard's, by name; null when the user said no.</returns>
    /// <exception cref="TorchyardException">TY3054: a container runs; TY3055: nobody can be asked.</exception>
    public static async Task<IReadOnlyList<string>?> RunAsync(Host host, bool agreed, CancellationToken cancellation)
    {
        var store = host.Store;
        if (!Directory.Exists(store.Root))
        {
            return [];
        }

        await RequireStoppedAsync(host, cancellation);
        if (!agreed)
        {
            var person = host.Dialogue;
            if (person.CanAsk)
            {
                person.Say($"{store.Root} has");
                person.Say("  images, fetched packages, containers that have ended, named volumes;");
                person.Say("  caches that environments share;");
                person.Say("  of each project: home directory, what pip installed, host keys, logs.");
                person.Say("The directories of the projects are elsewhere, and stay.");
            }

            if (!await AgreesAsync(host, "torchyard prune --everything", cancellation))
            {
                return null;
            }
        }

        // While the store is there, since the change of the user's file waits for others in it.
        if (await RemoveLineAsync(host, cancellation) is { } left)
        {
            host.Progress.Warn($"{left.Path}: {left.Why}");
        }

        return await RemoveAsync(host, cancellation);
    }

    /// <summary>Takes the store's line out of the user's settings of ssh.</summary>
    /// <returns>Why it is still there; null when it is not.</returns>
    public static async Task<LeftPlace?> RemoveLineAsync(Host host, CancellationToken cancellation)
    {
        var settings = new SshClientSettings(host);
        try
        {
            await settings.RemoveAsync(cancellation);
            return null;
        }
        catch (TorchyardException refusal) when (refusal.Code == SshClientSettings.NotChanged)
        {
            // A store need not stay because of a file that nobody can read.
            return new LeftPlace(
                settings.File,
                $"the store's line, if it has one, is still in it: {refusal.InnerException!.Message.TrimEnd('.')}"
            );
        }
    }

    /// <summary>Removes the store itself.</summary>
    /// <returns>What was in it and is not Torchyard's, by name.</returns>
    /// <exception cref="TorchyardException">TY3054: a container runs.</exception>
    public static async Task<IReadOnlyList<string>> RemoveAsync(Host host, CancellationToken cancellation)
    {
        var store = host.Store;
        using (await FileLock.AcquireAsync(store.UseLock, exclusive: true, cancellation))
        {
            // Another command may have started one while the question stood there.
            await RequireStoppedAsync(host, cancellation);
            using var root = ConfinedDirectory.Open(store.Root);
            foreach (var name in Names)
            {
                cancellation.ThrowIfCancellationRequested();
                root.DeleteTree(name);
            }

            UnfinishedFiles.Remove(store, host.Clock);
        }

        var kept = Rest(store);
        if (kept.Count == 0)
        {
            Directory.Delete(store.Root);
        }

        return kept;
    }

    /// <summary>Names of what is in the store's directory; none when there is no such directory.</summary>
    public static IReadOnlyList<string> Rest(StorePaths store) =>
        Directory.Exists(store.Root)
            ? [.. Directory.EnumerateFileSystemEntries(store.Root).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal)]
            : [];

    /// <summary>Names of the containers that run.</summary>
    public static async Task<IReadOnlyList<string>> RunningAsync(Host host, CancellationToken cancellation) =>
        [
            .. (await host.Containers().ListAsync(cancellation))
                .Where(container => container.IsRunning)
                .Select(container => container.Record.Name),
        ];

    /// <summary>The failure of a removal while something runs.</summary>
    public static TorchyardException InUse(StorePaths store, IReadOnlyList<string> running, string instead) =>
        new(
            "TY3054",
            $"the store {store.Root} is in use by what runs in it: {string.Join(", ", running)}",
            $"{instead}: torchyard rm --force {string.Join(' ', running)}"
        );

    /// <summary>Asks whether all of it may go.</summary>
    /// <exception cref="TorchyardException">TY3055: nobody is there to ask.</exception>
    public static Task<bool> AgreesAsync(Host host, string command, CancellationToken cancellation) =>
        host.Dialogue.CanAsk
            ? host.Dialogue.AskAsync("Remove all of it? [y/N] ", cancellation)
            : throw new TorchyardException(
                "TY3055",
                $"'{command}' removes the store {host.Store.Root} only after a question, and nobody can be asked here",
                "add --yes if you mean it"
            )
            {
                IsUsage = true,
            };

    private static async Task RequireStoppedAsync(Host host, CancellationToken cancellation)
    {
        var running = await RunningAsync(host, cancellation);
        if (running.Count > 0)
        {
            throw InUse(host.Store, running, "end it first");
        }
    }
}

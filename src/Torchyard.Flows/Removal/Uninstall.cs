using Torchyard.Containers.Namespaces;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Removal;

/// <summary>What was removed, and what was not.</summary>
/// <param name="Removed">Paths that are gone.</param>
/// <param name="Kept">Paths in the store that are not Torchyard's, and are still there.</param>
/// <param name="Program">The program itself, which stays.</param>
internal sealed record Uninstalled(IReadOnlyList<string> Removed, IReadOnlyList<string> Kept, string Program);

/// <summary>
/// Removes everything that Torchyard keeps on the machine for this user, as its last work: the store, what was allowed to recipes, and
/// completion scripts. Nothing else of it is anywhere: it makes no unit and no service of the machine, and its sockets are in the store.
/// </summary>
internal sealed class Uninstall(Host host)
{
    /// <summary>Removes it, after a question where <paramref name="agreed"/> is false.</summary>
    /// <param name="agreed">The user has said yes on the command line.</param>
    /// <param name="force">Stop what runs.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>What was removed; null when the user said no.</returns>
    /// <exception cref="TorchyardException">TY3054: a container runs; TY3055: nobody can be asked; TY3056: the store is not
    /// gone.</exception>
    public async Task<Uninstalled?> RunAsync(bool agreed, bool force, CancellationToken cancellation)
    {
        var running = await StoreRemoval.RunningAsync(host, cancellation);
        if (running.Count > 0 && !force)
        {
            throw StoreRemoval.InUse(host.Store, running, "add --force, or end it first");
        }

        var others = OwnPlaces.Of(host).Where(OwnPlaces.IsThere).ToList();
        var stored = Directory.Exists(host.Store.Root);
        if (!stored && others.Count == 0)
        {
            return new Uninstalled([], [], host.Self.Path);
        }

        await ShowAsync(running, others, cancellation);
        if (!agreed && !await StoreRemoval.AgreesAsync(host, "torchyard uninstall", cancellation))
        {
            return null;
        }

        await StopAsync(cancellation);
        var kept = await RemoveStoreAsync(cancellation);
        foreach (var place in others)
        {
            ConfinedDirectory.Remove(place);
        }

        return new Uninstalled(
            [.. stored && kept.Count == 0 ? (string[])[host.Store.Root] : [], .. others],
            [.. kept.Select(name => Path.Combine(host.Store.Root, name))],
            host.Self.Path
        );
    }

    private async Task ShowAsync(IReadOnlyList<string> running, IReadOnlyList<string> others, CancellationToken cancellation)
    {
        var person = host.Dialogue;
        person.Say("This removes");
        foreach (var line in await StoreContents.DescribeAsync(host, cancellation))
        {
            person.Say("  " + line);
        }

        foreach (var place in others)
        {
            person.Say("  " + place);
        }

        if (running.Count > 0)
        {
            person.Say($"and first stops {string.Join(", ", running)}.");
        }

        person.Say("The directories of the projects stay, and so does the program itself.");
    }

    private async Task StopAsync(CancellationToken cancellation)
    {
        var containers = await host.Containers().ListAsync(cancellation);
        await Task.WhenAll(
            containers
                .Where(container => container.IsRunning)
                .Select(container => host.Session(container).StopAsync(timeout: null, cancellation))
        );
    }

    /// <summary>Files of an ordinary user's containers belong to ids that only the store's user namespace can remove.</summary>
    private async Task<IReadOnlyList<string>> RemoveStoreAsync(CancellationToken cancellation)
    {
        if (host.Caller.IsRoot || !Directory.Exists(host.Store.Layers) || !StoreNamespace.IsForCaller)
        {
            return await StoreRemoval.RunAsync(host, agreed: true, cancellation) ?? [];
        }

        host.Dialogue.StepAside();
        var status = await new StoreNamespace(host.Store, host.Self).RunAsync(
            ["--store", host.Store.Root, "prune", "--everything", "--yes"],
            "/",
            keepOutput: false,
            cancellation
        );
        return status == 0
            ? StoreRemoval.Rest(host.Store)
            : throw new TorchyardException(
                "TY3056",
                $"the store {host.Store.Root} was not removed; the lines above say why",
                "do what they say, then run the same command again"
            );
    }
}

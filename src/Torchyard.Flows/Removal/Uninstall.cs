using Torchyard.Containers.Namespaces;
using Torchyard.Flows.Access;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Removal;

/// <summary>What was removed, and what was not.</summary>
internal sealed record Uninstalled
{
    /// <summary>Paths that are gone.</summary>
    public required IReadOnlyList<string> Removed { get; init; }

    /// <summary>Paths in the store that are not Torchyard's, and are still there.</summary>
    public required IReadOnlyList<string> Kept { get; init; }

    /// <summary>What is Torchyard's and could not be removed.</summary>
    public required IReadOnlyList<LeftPlace> Left { get; init; }

    /// <summary>The user's usual store, where another was removed: with it stays what belongs to both; else null.</summary>
    public required string? OtherStore { get; init; }

    /// <summary>The program itself, which stays.</summary>
    public required string Program { get; init; }
}

/// <summary>
/// Removes everything that Torchyard keeps on the machine for this user, as its last work: the store, its line among the settings of ssh,
/// what was allowed to recipes, and completion scripts. Nothing else of it is anywhere: it makes no unit and no service of the machine,
/// and its sockets are in the store.
/// </summary>
internal sealed class Uninstall(Host host)
{
    private readonly SshClientSettings _ssh = new(host);

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

        var other = host.Caller.DefaultStore.Root is var usual && usual != host.Store.Root && Directory.Exists(usual) ? usual : null;
        var places = other is null ? OwnPlaces.Of(host).Where(place => place.IsThere).Select(place => place.Path).ToList() : [];
        var (stored, included) = (Directory.Exists(host.Store.Root), _ssh.IsIncluded);
        List<string> removed = [];
        List<LeftPlace> left = [];
        IReadOnlyList<string> kept = [];
        if (stored || included || places.Count > 0)
        {
            await ShowAsync(running, places, included, cancellation);
            if (!agreed && !await StoreRemoval.AgreesAsync(host, "torchyard uninstall", cancellation))
            {
                return null;
            }

            await StopAsync(cancellation);
            if (await StoreRemoval.RemoveLineAsync(host, cancellation) is { } unchanged)
            {
                left.Add(unchanged);
            }
            else if (included)
            {
                removed.Add(LineOfSsh);
            }

            kept = await RemoveStoreAsync(cancellation);
            if (stored && kept.Count == 0)
            {
                removed.Add(host.Store.Root);
            }

            RemoveShared(places, removed, left);
        }

        return new Uninstalled
        {
            Removed = removed,
            Kept = [.. kept.Select(name => Path.Combine(host.Store.Root, name))],
            Left = left,
            OtherStore = other,
            Program = host.Self.Path,
        };
    }

    private string LineOfSsh => $"the line of this store in {_ssh.File}";

    private void RemoveShared(IReadOnlyList<string> places, List<string> removed, List<LeftPlace> left)
    {
        if (host.Caller.IsRoot && host.Files.IsLive)
        {
            Try("/run/torchyard", () => StageRemoval.Run(host.Store) is not null);
        }

        foreach (var place in places)
        {
            Try(place, () =>
            {
                new OwnFile(place).Remove();
                return true;
            });
        }

        void Try(string place, Func<bool> remove)
        {
            try
            {
                if (remove())
                {
                    removed.Add(place);
                }
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or TorchyardException)
            {
                // The rest can go all the same, and the user is told of this.
                left.Add(new LeftPlace(place, failure.Message.TrimEnd('.')));
            }
        }
    }

    private async Task ShowAsync(IReadOnlyList<string> running, IReadOnlyList<string> others, bool included, CancellationToken cancellation)
    {
        var person = host.Dialogue;
        person.Say("This removes");
        foreach (var line in await StoreContents.DescribeAsync(host, cancellation))
        {
            person.Say("  " + line);
        }

        foreach (var place in included ? others.Prepend(LineOfSsh) : others)
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
            return Directory.Exists(host.Store.Root) ? await StoreRemoval.RemoveAsync(host, cancellation) : [];
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

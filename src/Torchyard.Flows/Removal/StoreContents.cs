using Torchyard.Flows.Hosts;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;

namespace Torchyard.Flows.Removal;

/// <summary>What is in a store, in words, for somebody who is asked whether it may go.</summary>
internal static class StoreContents
{
    /// <summary>A line for each part; none for a store that there is not.</summary>
    public static async Task<IReadOnlyList<string>> DescribeAsync(Host host, CancellationToken cancellation)
    {
        var store = host.Store;
        if (!Directory.Exists(store.Root))
        {
            return [];
        }

        var containers = await host.Containers().ListAsync(cancellation);
        List<string> lines = [];
        Add("image", Images(store));
        Add("container", containers.Select(container => container.Record.Name));
        Add("named volume", Names(store.Volumes));
        var projects = Names(store.Projects).Count;
        if (projects > 0)
        {
            lines.Add($"  of {Count.Of(projects, "project")}: home directory, what pip installed, host keys, logs");
        }

        if (FetchedFiles.SizeOf(store) is { Files: > 0 } fetched)
        {
            lines.Add($"  {Count.Of(fetched.Files, "fetched file")} ({ByteSize.Decimal(fetched.Bytes)})");
        }

        return lines.Count > 0 ? [$"{store.Root}, which has", .. lines] : [store.Root];

        void Add(string what, IEnumerable<string> names)
        {
            var all = names.ToList();
            if (all.Count > 0)
            {
                lines.Add($"  {Count.Of(all.Count, what)}: {string.Join(", ", all.Take(6))}{(all.Count > 6 ? ", …" : "")}");
            }
        }
    }

    private static IReadOnlyList<string> Images(StorePaths store)
    {
        try
        {
            return [.. new ImageStore(store).List().Select(image => image.Names is [var name, ..] ? name : image.Manifest.ToString())];
        }
        catch (TorchyardException)
        {
            // The list is damaged; what is to go need not be whole.
            return ["whose list cannot be read"];
        }
    }

    private static IReadOnlyList<string> Names(string directory)
    {
        using var place = ConfinedDirectory.TryOpen(directory);
        return place?.List() ?? [];
    }
}

using System.CommandLine.Completions;
using Torchyard.CommandLine;
using Torchyard.Containers.State;
using Torchyard.Platform;

namespace Torchyard.Commands;

/// <summary>Names of the store's containers for the Tab key.</summary>
internal static class ContainerNames
{
    /// <summary>Every name; none when the store cannot be read, since completion must never print an error.</summary>
    public static IEnumerable<CompletionItem> Complete(CompletionContext context)
    {
        try
        {
            var caller = Caller.OfThisProcess();
            var containers = new ContainerStore(caller.DefaultStore, caller.Clock).ListAsync(CancellationToken.None).GetAwaiter().GetResult();
            return [.. containers.Select(container => new CompletionItem(container.Record.Name))];
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

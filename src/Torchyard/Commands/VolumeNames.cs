using System.CommandLine.Completions;
using Torchyard.CommandLine;
using Torchyard.Platform.Errors;

namespace Torchyard.Commands;

/// <summary>Names of the store's volumes for the Tab key.</summary>
internal static class VolumeNames
{
    /// <summary>Every name; none when the store cannot be read, since completion must never print an error.</summary>
    public static IEnumerable<CompletionItem> Complete(CompletionContext context)
    {
        try
        {
            return
            [
                .. Directory
                    .EnumerateDirectories(ProgramRoot.StoreOf(context).Volumes)
                    .Select(directory => new CompletionItem(Path.GetFileName(directory))),
            ];
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

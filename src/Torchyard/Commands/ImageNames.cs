using System.CommandLine.Completions;
using Torchyard.CommandLine;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;

namespace Torchyard.Commands;

/// <summary>Names of the store's images for the Tab key.</summary>
internal static class ImageNames
{
    /// <summary>Every name; none when the store cannot be read, since completion must never print an error.</summary>
    public static IEnumerable<CompletionItem> Complete(CompletionContext context)
    {
        try
        {
            return
            [
                .. new ImageStore(ProgramRoot.StoreOf(context))
                    .List()
                    .SelectMany(image => image.Names)
                    .Select(name => new CompletionItem(name)),
            ];
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

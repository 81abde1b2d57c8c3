using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.CommandLine;

/// <summary>Refuses a store at a path that the programs which work in it would read as something else.</summary>
internal static class StorePlace
{
    /// <summary>Looks at the path alone.</summary>
    /// <exception cref="TorchyardException">TY9030: a store cannot be there.</exception>
    public static StorePaths Require(StorePaths store)
    {
        var problem = store.Root switch
        {
            var root when root.Contains(CommandLineBytes.Replacement, StringComparison.Ordinal) => "is not UTF-8",
            var root when root.Any(char.IsControl) => "has a line break or another control character",
            _ => null,
        };
        return problem is null
            ? store
            : throw new TorchyardException(
                "TY9030",
                $"there can be no store at '{store.Root}': its path {problem}",
                "choose another directory with --store DIR or TORCHYARD_STORE"
            )
            {
                IsUsage = true,
            };
    }
}

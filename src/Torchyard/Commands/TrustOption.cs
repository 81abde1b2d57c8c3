using System.CommandLine;

namespace Torchyard.Commands;

/// <summary>The option with which verbs take consent for a recipe.</summary>
internal static class TrustOption
{
    /// <summary><c>--trust</c>.</summary>
    public static Option<bool> Create() =>
        new("--trust")
        {
            Description = "Let the recipe have what it wants of this machine beyond its directory, this once, without asking",
        };
}

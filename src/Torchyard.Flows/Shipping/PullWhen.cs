using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Shipping;

/// <summary>When an image that is about to start is fetched from its registry, with docker's words.</summary>
internal enum PullWhen
{
    /// <summary>When the store does not have it.</summary>
    Missing,

    /// <summary>Before every start: what has come meanwhile under its tag.</summary>
    Always,

    /// <summary>Never: the store has it, or the start fails.</summary>
    Never,
}

/// <summary>Reads <c>--pull</c>.</summary>
internal static class PullOption
{
    /// <summary>The words, in the order in which they are offered.</summary>
    public static IReadOnlyList<string> Words { get; } = ["missing", "always", "never"];

    /// <summary>Reads a word; null stands for the usual.</summary>
    /// <exception cref="TorchyardException">TY4063: it is none of them.</exception>
    public static PullWhen Read(string? word) =>
        word switch
        {
            null or "missing" => PullWhen.Missing,
            "always" => PullWhen.Always,
            "never" => PullWhen.Never,
            var other => throw new TorchyardException("TY4063", $"--pull '{other}' cannot be used", "write missing, always or never")
            {
                IsUsage = true,
            },
        };
}

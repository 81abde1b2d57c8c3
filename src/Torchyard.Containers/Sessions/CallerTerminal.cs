using Torchyard.Platform.Errors;
using Torchyard.Platform.Streams.Descriptors;

namespace Torchyard.Containers.Sessions;

/// <summary>What <c>-i</c> and <c>-t</c> ask of the caller's own terminal.</summary>
internal static class CallerTerminal
{
    /// <summary>Refuses keys for a terminal where there is no keyboard.</summary>
    /// <param name="interactive">Standard input is passed on.</param>
    /// <param name="terminal">The program gets a terminal.</param>
    /// <exception cref="TorchyardException">TY4085: both, and standard input is not a terminal.</exception>
    public static void Require(bool interactive, bool terminal)
    {
        if (interactive && terminal && !StandardDescriptor.IsTerminal(StandardDescriptor.Input))
        {
            throw new TorchyardException(
                "TY4085",
                "the input device is not a terminal, which -i and -t together need",
                "leave -t out: -i alone passes on what comes from a file or a pipe"
            );
        }
    }
}

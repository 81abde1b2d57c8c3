using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Running;

/// <summary>How a program is run in a container that runs already.</summary>
internal static class ExecMode
{
    /// <summary>Refuses what does not go together.</summary>
    /// <param name="detached">It is left to itself.</param>
    /// <param name="interactive">Standard input is passed on.</param>
    /// <param name="terminal">It gets a terminal.</param>
    /// <param name="json">An answer in JSON is asked for.</param>
    /// <exception cref="TorchyardException">TY9001: it does not.</exception>
    public static void Require(bool detached, bool interactive, bool terminal, bool json)
    {
        if (detached && (interactive || terminal))
        {
            throw Wrong(
                "'torchyard exec -d' takes no -i and no -t: nobody is there to type",
                "leave them out; 'torchyard shell' with tmux keeps a terminal that can be left and returned to"
            );
        }

        if (json)
        {
            throw Wrong("'torchyard exec' prints what the program prints, and no JSON", "--json is for 'torchyard exec --list'");
        }
    }

    private static TorchyardException Wrong(string message, string cure) => new("TY9001", message, cure) { IsUsage = true };
}

using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Starting;

/// <summary>
/// A project's directory is shown in its environment and can be written there. Of a machine's root or a home directory nobody means that
/// who typed <c>up</c> one directory too high: everything in it, keys included, would be open to what runs inside.
/// </summary>
internal static class ProjectPlace
{
    private static IEnumerable<string> Homes(Caller caller) => [RealPath.Of(caller.Home), RealPath.Of(caller.OwnHome)];

    /// <summary>Asks where the directory is one of those.</summary>
    /// <param name="host">Who is asked.</param>
    /// <param name="directory">The project's directory.</param>
    /// <param name="allowed">True when the user has said yes on the command line.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="TorchyardException">TY4119: nobody is there to ask, or the answer is no.</exception>
    public static async Task RequireAsync(Host host, string directory, bool allowed, CancellationToken cancellation)
    {
        var real = RealPath.Of(directory);
        var what =
            real == "/" ? "the whole machine"
            : Homes(host.Caller).Contains(real) ? "your home directory, keys and passwords included"
            : null;
        if (what is null || allowed)
        {
            return;
        }

        var message = $"{directory} would be /workspace of an environment whose programs can read and change it: that is {what}";
        if (host.Dialogue.CanAsk)
        {
            host.Dialogue.Say(message);
            if (await host.Dialogue.AskAsync("Go on? [y/N] ", cancellation))
            {
                return;
            }
        }

        throw new TorchyardException(
            "TY4119",
            message,
            "make a directory for the project and run 'torchyard up' there; --trust starts here all the same"
        )
        {
            IsUsage = true,
        };
    }
}

using Torchyard.Containers.Requests;
using Torchyard.Platform.Streams.Descriptors;

namespace Torchyard.Flows.Running;

/// <summary>The start of a login shell in a container.</summary>
internal static class LoginShell
{
    // The shell of the user as passwd(5) names it, as sshd does; an image without getent(1) has bash or sh.
    private const string Script = """
        shell=$(getent passwd "$(id -u)" 2> /dev/null | cut -d: -f7)
        for shell in "$shell" /bin/bash /bin/sh; do
          [ -x "$shell" ] && case $shell in */nologin | */false) ;; *) exec "$shell" -l ;; esac
        done
        """;

    /// <summary>The request: on a terminal where the caller has one, else with what comes from a file or a pipe as its input.</summary>
    /// <param name="user"><c>user[:group]</c>; null for the image's.</param>
    public static ExecRequest Request(string? user) =>
        new()
        {
            Command = ["/bin/sh", "-c", Script],
            User = user,
            Interactive = true,
            Terminal = StandardDescriptor.IsTerminal(StandardDescriptor.Input),
        };
}

using System.Net;
using System.Text;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Flows.Access;

/// <summary>The desktop of the caller, where there is one: it opens addresses in a browser.</summary>
/// <param name="host">Whose desktop.</param>
internal sealed class Desktop(Host host)
{
    // The browser outlives this program, and what it prints is nobody's business here.
    private const string Detached = "exec \"$@\" > /dev/null 2>&1 < /dev/null";

    /// <summary>Opens an address.</summary>
    /// <param name="address">The address; it may hold a secret.</param>
    /// <param name="page">
    /// Where a page is written that leads there, when it does: on the command line of a browser everybody on this machine would see it.
    /// </param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>False when there is no desktop.</returns>
    public async Task<bool> OpenAsync(Uri address, string page, CancellationToken cancellation)
    {
        if (
            string.IsNullOrEmpty(host.Caller.Variable("DISPLAY")) && string.IsNullOrEmpty(host.Caller.Variable("WAYLAND_DISPLAY"))
            || HostProgram.Find("xdg-open") is not { } opener
            || HostProgram.Find("setsid") is not { } apart
        )
        {
            return false;
        }

        var target = address.AbsoluteUri;
        if (address.Query.Length > 0)
        {
            AtomicFile.Write(page, Encoding.UTF8.GetBytes(Page(address)), (UnixFileMode)FileModes.Private);
            target = new Uri(page).AbsoluteUri;
        }

        var started = await HostCommand.RunAsync(
            apart,
            ["--fork", "sh", "-c", Detached, "sh", opener.Path, target],
            bounds: ProgramBounds.Login,
            cancellation: cancellation
        );
        return started.ExitCode == 0;
    }

    private static string Page(Uri address)
    {
        var text = WebUtility.HtmlEncode(address.AbsoluteUri);
        return $"""
            <!DOCTYPE html>
            <html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Torchyard</title>
            <meta http-equiv="refresh" content="0; url={text}"></head>
            <body><a href="{text}">{WebUtility.HtmlEncode(address.GetLeftPart(UriPartial.Path))}</a></body></html>

            """;
    }
}

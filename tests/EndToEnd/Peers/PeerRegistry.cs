using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Torchyard.EndToEnd.Program;
using Torchyard.Testing.Loopback;

namespace Torchyard.EndToEnd.Peers;

/// <summary>Docker's registry, as Debian has it, on loopback with a directory of its own, and skopeo beside it.</summary>
internal sealed class PeerRegistry : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _directory;
    private readonly string _skopeo;

    private PeerRegistry(Process process, string name, string directory, string skopeo) =>
        (_process, Name, _directory, _skopeo) = (process, name, directory, skopeo);

    /// <summary><c>127.0.0.1:PORT</c>.</summary>
    public string Name { get; }

    /// <summary>Starts it, or skips the test.</summary>
    /// <param name="directory">New directory for its storage.</param>
    /// <param name="cancellation">Ends the wait for it.</param>
    public static async Task<PeerRegistry> StartAsync(string directory, CancellationToken cancellation)
    {
        var program = HostProgram.Require("docker-registry");
        var skopeo = HostProgram.Require("skopeo");
        var port = LoopbackPort.Free();
        var name = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        var settings = Path.Combine(directory, "registry.yml");
        await File.WriteAllTextAsync(
            settings,
            $$$"""
            version: 0.1
            log: {level: error, accesslog: {disabled: true}}
            storage: {filesystem: {rootdirectory: {{{directory}}}/storage}, delete: {enabled: true}}
            http: {addr: "{{{name}}}"}
            """,
            cancellation
        );
        var process = HostProgram.Start(program, ["serve", settings]);
        // What it says must not fill its pipe.
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await AnswersAsync(port, process, cancellation);
        return new PeerRegistry(process, name, directory, skopeo);
    }

    /// <summary>Makes a layout with an image of busybox alone.</summary>
    public async Task<string> MakeImageAsync(CancellationToken cancellation)
    {
        var umoci = HostProgram.Require("umoci");
        var busybox = HostProgram.Require("busybox");
        var layout = Path.Combine(_directory, "layout");
        var image = layout + ":made";
        foreach (
            var line in new string[][]
            {
                ["init", "--layout", layout],
                ["new", "--image", image],
                ["insert", "--image", image, busybox, "/bin/busybox"],
                ["config", "--image", image, "--config.cmd", "/bin/busybox", "--config.cmd", "true", "--config.env", "MARK=from-the-image"],
            }
        )
        {
            (await HostProgram.RunAsync(umoci, line, cancellation)).Succeeded();
        }

        return "oci:" + image;
    }

    /// <summary>Runs skopeo's <c>copy</c>.</summary>
    public async Task CopyAsync(string from, string to, CancellationToken cancellation, params string[] options) =>
        (
            await HostProgram.RunAsync(
                _skopeo,
                ["--insecure-policy", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", .. options, from, to],
                cancellation
            )
        ).Succeeded();

    /// <summary>Digest of an image by skopeo.</summary>
    public async Task<string> DigestAsync(string image, CancellationToken cancellation) =>
        (await HostProgram.RunAsync(_skopeo, ["inspect", "--tls-verify=false", "--format", "{{.Digest}}", image], cancellation))
            .Succeeded()
            .Output.Trim();

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private static async Task AnswersAsync(int port, Process process, CancellationToken cancellation)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port, cancellation);
                return;
            }
            catch (SocketException) when (tries < 300 && !process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), cancellation);
            }
        }
    }
}

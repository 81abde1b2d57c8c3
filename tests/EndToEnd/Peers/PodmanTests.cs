using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Torchyard.EndToEnd.Environment;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Peers;

/// <summary>
/// The image under plain podman, with nothing of Torchyard but the supervisor inside, set by environment variables (docs/supervisor.md).
/// </summary>
[Collection(CpuImageTests.Name)]
public sealed class PodmanTests(CpuImage cpu)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Podman_reads_the_store_and_runs_the_image_with_Jupyter_and_SSH_up()
    {
        var layout = Path.Combine(cpu.Store.Store, "oci");
        await using var podman = Podman.Create(cpu.Store.NewProject("podman"), adapted: true);
        var key = Path.Combine(cpu.Store.Root, "podman-key");
        (
            await HostProgram.RunAsync(HostProgram.Require("ssh-keygen"), ["-q", "-t", "ed25519", "-N", "", "-f", key], Cancellation)
        ).Succeeded();

        // podman makes a name of the path, in which no directory may begin with a dot or have an upper-case letter.
        using var plain = new TemporaryDirectory();
        var link = Directory.CreateSymbolicLink(Path.Combine(plain.Path, "oci"), layout);
        var pulled = await podman.RunAsync(Cancellation, "pull", "--quiet", $"oci:{link.FullName}:{CpuImage.Name}:latest");
        var image = pulled.Succeeded().Output.Trim();
        // With the host's network, as a machine without CNI has no other; ports 0 are free ones.
        (
            await podman.RunAsync(
                Cancellation,
                "run",
                "--detach",
                "--name",
                "peer",
                "--network",
                "host",
                "--volume",
                "state:/var/lib/torchyard",
                "--env",
                "TORCHYARD_JUPYTER_LISTEN=0.0.0.0",
                "--env",
                "TORCHYARD_JUPYTER_PORT=0",
                "--env",
                "TORCHYARD_SSH_PORT=0",
                "--env",
                "TORCHYARD_AUTHORIZED_KEYS=" + File.ReadAllText(key + ".pub").Trim(),
                image
            )
        ).Succeeded();
        var ports = await ReadyPortsAsync(podman);

        var token = (await podman.RunAsync(Cancellation, "exec", "peer", "cat", "/run/torchyard/jupyter-token")).Succeeded().Output.Trim();
        // Beyond loopback it speaks TLS, with the certificate that it made for itself.
        var pem = await podman.RunAsync(Cancellation, "exec", "peer", "cat", "/var/lib/torchyard/tls/certificate.pem");
        using var certificate = X509Certificate2.CreateFromPem(pem.Succeeded().Output);
        Assert.Equal("sum 4950\n", await RunCellAsync(ports["jupyter"], token, certificate));
        var login = await SshAsync(key, ports["ssh"], "id -un; python3 -c 'import torch; print(torch.ones(3).sum().item())'");
        Assert.Equal("trainer\n3.0\n", login.Succeeded().Output);
        (await podman.RunAsync(Cancellation, "exec", "peer", "/usr/lib/torchyard/supervisor", "--healthcheck")).Succeeded();
        Assert.Equal("", (await podman.RunAsync(Cancellation, "exec", "peer", "dpkg", "--audit")).Succeeded().Output);

        (await podman.RunAsync(Cancellation, "stop", "peer")).Succeeded();
        Assert.Equal("0\n", (await podman.RunAsync(Cancellation, "inspect", "--format", "{{.State.ExitCode}}", "peer")).Succeeded().Output);

        // A command of the user's: it alone runs, and its exit code is the container's.
        (
            await podman.RunAsync(
                Cancellation,
                "run",
                "--rm",
                "--network",
                "none",
                image,
                "sh",
                "-c",
                "test ! -e /run/torchyard/jupyter-token && exit 7"
            )
        ).Ended(7);
        await ReadOnlyRootAsync(podman, image);
    }

    // The line of docs/supervisor.md.
    private static async Task ReadOnlyRootAsync(Podman podman, string image)
    {
        (
            await podman.RunAsync(
                Cancellation,
                "run",
                "--detach",
                "--name",
                "read-only",
                "--network",
                "none",
                "--read-only",
                "--tmpfs",
                "/tmp",
                "--volume",
                "/run/torchyard",
                "--volume",
                "/var/log/torchyard",
                "--volume",
                "/home/trainer",
                "--volume",
                "state:/var/lib/torchyard",
                image
            )
        ).Succeeded();
        await ReadyPortsAsync(podman, "read-only");

        var status = await podman.RunAsync(Cancellation, "exec", "read-only", "/usr/lib/torchyard/supervisor", "--status");
        Assert.Equal("[]", JsonDocument.Parse(status.Succeeded().Output).RootElement.GetProperty("warnings").GetRawText());
    }

    private static async Task<Dictionary<string, int>> ReadyPortsAsync(Podman podman, string container = "peer")
    {
        var said = "";
        for (var end = DateTime.UtcNow.AddMinutes(1); DateTime.UtcNow < end; )
        {
            var status = await podman.RunAsync(Cancellation, "exec", container, "/usr/lib/torchyard/supervisor", "--status");
            said = status.Transcript;
            if (status.ExitCode == 0)
            {
                using var json = JsonDocument.Parse(status.Output);
                if (json.RootElement.GetProperty("ready").GetBoolean())
                {
                    return json
                        .RootElement.GetProperty("services")
                        .EnumerateArray()
                        .ToDictionary(
                            service => service.GetProperty("name").GetString()!,
                            service => service.GetProperty("port").GetInt32()
                        );
                }
            }
        }

        Assert.Fail(said);
        return [];
    }

    private static async Task<string> RunCellAsync(int port, string token, X509Certificate2 certificate)
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => certificate.Equals(shown);
        using var client = new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{port}/") };
        using var refused = await client.GetAsync(new Uri("/api/status", UriKind.Relative), Cancellation);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("token", token);
        using var started = await client.PostAsJsonAsync(new Uri("/api/kernels", UriKind.Relative), new { name = "python3" }, Cancellation);
        var kernel = JsonDocument.Parse(await started.Content.ReadAsStringAsync(Cancellation)).RootElement.GetProperty("id").GetString()!;
        return await KernelClient.ExecuteAsync(
            client.BaseAddress,
            kernel,
            token,
            "print('sum', sum(range(100)))",
            Cancellation,
            certificate
        );
    }

    private Task<ProgramOutput> SshAsync(string key, int port, string command) =>
        HostProgram.RunAsync(
            HostProgram.Require("ssh"),
            [
                "-F",
                "none",
                "-o",
                "BatchMode=yes",
                "-o",
                "IdentitiesOnly=yes",
                "-o",
                "IdentityAgent=none",
                "-o",
                "StrictHostKeyChecking=accept-new",
                "-o",
                $"UserKnownHostsFile={Path.Combine(cpu.Store.Root, "podman-hosts")}",
                "-i",
                key,
                "-p",
                $"{port}",
                "trainer@127.0.0.1",
                command,
            ],
            Cancellation,
            patience: TimeSpan.FromMinutes(1)
        );
}

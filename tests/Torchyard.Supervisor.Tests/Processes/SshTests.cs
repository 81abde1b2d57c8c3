using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Torchyard.Supervisor.Preparation;
using Torchyard.Supervisor.Services;

namespace Torchyard.Supervisor.Tests.Processes;

/// <summary>A real sshd under the supervisor, as uid 1000 without capabilities, and OpenSSH's own clients.</summary>
public sealed class SshTests : IDisposable
{
    private readonly SupervisorProcess _supervisor = new();

    public void Dispose() => _supervisor.Dispose();

    [Fact]
    public async Task Login_by_key_works_with_the_containers_environment_and_by_password_is_refused()
    {
        var port = await StartAsync();

        var (code, output) = await SshAsync(
            port,
            "-i",
            _supervisor.Path("key"),
            "trainer@127.0.0.1",
            "id -un; echo \"$DATA_SET\"; echo \"$PATH\""
        );
        Assert.Equal((0, "trainer\na \"quoted\" back\\slash $HOME\n/opt/x:/usr/bin:/bin\n"), (code, output));

        (code, output) = await SshAsync(
            port,
            "-o",
            "PubkeyAuthentication=no",
            "-o",
            "PreferredAuthentications=password,keyboard-interactive",
            "trainer@127.0.0.1",
            "true"
        );
        Assert.Equal(255, code);
        Assert.Contains("Permission denied (publickey)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_travel_by_sftp_and_ports_are_forwarded()
    {
        var port = await StartAsync();
        await File.WriteAllTextAsync(_supervisor.Path("sent"), "content", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            _supervisor.Path("batch"),
            $"put {_supervisor.Path("sent")} {_supervisor.Path("home")}/got\nget {_supervisor.Path("home")}/got "
                + $"{_supervisor.Path("back")}\n",
            TestContext.Current.CancellationToken
        );
        var (code, output) = await RunAsync(
            "sftp",
            ["-P", $"{port}", .. Options, "-i", _supervisor.Path("key"), "-b", _supervisor.Path("batch"), "trainer@127.0.0.1"]
        );
        Assert.True(code == 0, output);
        Assert.Equal("content", await File.ReadAllTextAsync(_supervisor.Path("back"), TestContext.Current.CancellationToken));

        using var echo = new TcpListener(IPAddress.Loopback, 0);
        echo.Start();
        // -W carries standard input and output to an address behind the server: port forwarding without a port to choose here.
        using var tunnel = Process.Start(
            new ProcessStartInfo(
                "ssh",
                ["-p", $"{port}", .. Options, "-i", _supervisor.Path("key"), "-W", echo.LocalEndpoint.ToString()!, "trainer@127.0.0.1"]
            )
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        using var accepted = await echo.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await accepted.GetStream().WriteAsync("through\n"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Equal("through", await tunnel.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        tunnel.Kill();
    }

    [Fact]
    public async Task The_host_key_is_made_once_and_kept()
    {
        await StartAsync();
        var first = await File.ReadAllTextAsync(
            _supervisor.Path("state/ssh/ssh_host_ed25519_key.pub"),
            TestContext.Current.CancellationToken
        );
        _supervisor.Signal("TERM");
        Assert.Equal(0, (await _supervisor.EndAsync()).Code);

        _supervisor.Start();
        await _supervisor.ServiceAsync("ssh", "ready");

        Assert.Equal(
            first,
            await File.ReadAllTextAsync(_supervisor.Path("state/ssh/ssh_host_ed25519_key.pub"), TestContext.Current.CancellationToken)
        );
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(_supervisor.Path("state/ssh/ssh_host_ed25519_key"))
        );
    }

    [Fact]
    public void Variables_that_a_session_sets_itself_or_cannot_hold_are_left_out()
    {
        var service = new Service(
            new ServiceDefinition
            {
                Name = "ssh",
                Command = ["sshd"],
                Port = 2222,
            },
            new Tests.Services.FakeHost()
        )
        {
            Port = 2222,
        };

        var text = SshPreparation.Configuration(
            service,
            "/k",
            ["/a"],
            new Dictionary<string, string>
            {
                ["HOME"] = "/root",
                ["SSH_AUTH_SOCK"] = "/x",
                ["LINES"] = "a\nb",
                ["BAD-NAME"] = "x",
                ["TORCHYARD_AUTHORIZED_KEYS"] = "k",
                ["GOOD"] = "1",
            }
        );

        Assert.Equal(
            "Port 2222\nListenAddress 127.0.0.1\nHostKey \"/k\"\nAuthorizedKeysFile \"/a\" %h/.ssh/authorized_keys\nSetEnv \"GOOD=1\"\n",
            text
        );
    }

    private static string[] Options =>
        [
            "-F",
            "none",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "LogLevel=ERROR",
            "-o",
            "IdentitiesOnly=yes",
        ];

    private static Task<(int Code, string Output)> SshAsync(int port, params string[] arguments) =>
        RunAsync("ssh", ["-p", $"{port}", .. Options, .. arguments]);

    private static async Task<(int Code, string Output)> RunAsync(string program, string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await errors);
    }

    private async Task<int> StartAsync()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Assert.Skip("needs root, to become a user of a passwd file of its own");
        }

        foreach (var program in (string[])["/usr/sbin/sshd", "/usr/bin/ssh-keygen", "/usr/bin/setpriv", "/usr/bin/unshare"])
        {
            if (!File.Exists(program))
            {
                Assert.Skip(program + " is not installed");
            }
        }

        Directory.CreateDirectory(_supervisor.Path("home"));
        await RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", _supervisor.Path("key")]);
        await File.WriteAllTextAsync(
            _supervisor.Path("passwd"),
            $"root:x:0:0::/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\ntrainer:x:1000:1000::{_supervisor.Path("home")}:/"
                + $"bin/sh\n",
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(_supervisor.Path("sshd_config"), ImageConfiguration.Ssh, TestContext.Current.CancellationToken);
        _supervisor.Services(
            $$"""
            { "name": "ssh", "kind": "ssh", "command": ["/usr/sbin/sshd", "-D", "-e", "-f", "${run}/sshd_config"], "port": 0,
              "configuration": "{{_supervisor.Path("sshd_config")}}", "ready": { "kind": "tcp" } }
            """
        );
        _supervisor.Environment["TORCHYARD_AUTHORIZED_KEYS"] = await File.ReadAllTextAsync(
            _supervisor.Path("key.pub"),
            TestContext.Current.CancellationToken
        );
        _supervisor.Environment["DATA_SET"] = "a \"quoted\" back\\slash $HOME";
        _supervisor.Environment["PATH"] = "/opt/x:/usr/bin:/bin";
        await RunAsync("chown", ["-R", "1000:1000", _supervisor.Path(".")]);
        // The client's key must stay that of the client, or it refuses to use it.
        await RunAsync("chown", ["0:0", _supervisor.Path("key")]);
        await RunAsync("chmod", ["755", _supervisor.Path(".")]);
        _supervisor.Prefix =
        [
            "unshare",
            "-m",
            "--propagation",
            "private",
            "sh",
            "-c",
            $"mount --bind {_supervisor.Path("passwd")} /etc/passwd && exec setpriv --reuid=1000 --regid=1000 --clear-groups "
                + $"--no-new-privs --inh-caps=-all --bounding-set=-all \"$@\"",
            "sh",
        ];
        _supervisor.Start();
        return (await _supervisor.ServiceAsync("ssh", "ready")).GetProperty("port").GetInt32();
    }
}

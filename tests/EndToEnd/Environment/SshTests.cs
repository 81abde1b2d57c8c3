using System.Globalization;
using System.Security.Cryptography;
using Torchyard.EndToEnd.Program;
using Torchyard.Testing.Loopback;

namespace Torchyard.EndToEnd.Environment;

/// <summary>OpenSSH's own clients.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class SshTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Logs_in_by_key_as_an_ordinary_user_without_any_capability()
    {
        var login = await SshAsync("id -un; id -u; pwd; grep -E '^(CapEff|CapBnd|NoNewPrivs):' /proc/self/status");

        var lines = login.Succeeded().Output.Split('\n');
        Assert.Equal(["trainer", "1000"], lines[..2]);
        login.Printed("CapEff:\t0000000000000000").Printed("NoNewPrivs:\t1");
    }

    [Fact]
    public async Task Has_no_way_to_root()
    {
        var login = await SshAsync("python3 -c 'import os; os.setuid(0)'");

        Assert.Equal(1, login.ExitCode);
        Assert.Contains("PermissionError", login.Error, StringComparison.Ordinal);
        (await RunAsync("ssh", ["-p", environment.Report.SshPort, "-l", "root", "127.0.0.1", "true"])).Ended(255);
    }

    [Fact]
    public async Task Is_refused_by_password()
    {
        var login = await RunAsync(
            "ssh",
            [
                "-v",
                "-p",
                environment.Report.SshPort,
                "-o",
                "PubkeyAuthentication=no",
                "-o",
                "PreferredAuthentications=password,keyboard-interactive",
                "trainer@127.0.0.1",
                "true",
            ]
        );

        login.Ended(255);
        Assert.Contains("Authentications that can continue: publickey\r", login.Error.ReplaceLineEndings("\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sftp_carries_a_file_there_and_back()
    {
        var there = Path.Combine(environment.Store.Root, "there.bin");
        var back = Path.Combine(environment.Store.Root, "back.bin");
        var content = RandomNumberGenerator.GetBytes(3_000_001);
        await File.WriteAllBytesAsync(there, content, Cancellation);

        var transfer = await RunAsync(
            "sftp",
            ["-P", environment.Report.SshPort, "-i", environment.Report.SshKey, "-b", "-", "trainer@127.0.0.1"],
            $"put {there} /tmp/carried.bin\nget /tmp/carried.bin {back}\nrm /tmp/carried.bin\n"
        );

        transfer.Succeeded();
        Assert.Equal(content, await File.ReadAllBytesAsync(back, Cancellation));
    }

    [Fact]
    public async Task Forwards_a_port_to_jupyter()
    {
        var port = LoopbackPort.Free();
        var target = environment.Report.Jupyter;
        var arguments = Options([
            "-N",
            "-p",
            environment.Report.SshPort,
            "-i",
            environment.Report.SshKey,
            "-o",
            "ExitOnForwardFailure=yes",
            "-L",
            string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}:{target.Host}:{target.Port}"),
            "-v",
            "trainer@127.0.0.1",
        ]);
        using var forwarding = HostProgram.Start(HostProgram.Require("ssh"), arguments);
        try
        {
            // ssh says so itself, once it listens.
            var said = new List<string>();
            while (await forwarding.StandardError.ReadLineAsync(Cancellation) is { } line)
            {
                said.Add(line);
                if (line.Contains("Entering interactive session", StringComparison.Ordinal))
                {
                    break;
                }
            }

            Assert.False(forwarding.HasExited, string.Join('\n', said));
            using var client = new HttpClient();
            var answer = await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/api"), Cancellation);
            Assert.Contains("\"version\"", answer, StringComparison.Ordinal);
        }
        finally
        {
            forwarding.Kill();
            await forwarding.WaitForExitAsync(CancellationToken.None);
        }
    }

    private Task<ProgramOutput> SshAsync(string command) => RunAsync("ssh", [.. environment.Report.Ssh[1..], command]);

    private Task<ProgramOutput> RunAsync(string program, string[] arguments, string input = "") =>
        HostProgram.RunAsync(
            HostProgram.Require(program),
            Options(arguments),
            Cancellation,
            input: input,
            patience: TimeSpan.FromMinutes(1)
        );

    // Nothing of the tester's own: no configuration, no agent, no known hosts.
    private string[] Options(string[] arguments) =>
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
            $"UserKnownHostsFile={Path.Combine(environment.Store.Root, "known_hosts")}",
            "-o",
            $"IdentityFile={environment.Report.SshKey}",
            .. arguments,
        ];
}

using System.Net;
using Torchyard.EndToEnd.Environment;
using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Terminals;
using Torchyard.Testing.Loopback;

namespace Torchyard.EndToEnd.FirstDay;

/// <summary>
/// What remote editors and people with many machines do over SSH: a server that is unpacked and started, a proxy, an agent, rsync, tmux.
/// </summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class RemoteEditorTests(RunningEnvironment environment)
{
    // As Remote-SSH does it: bash with a script on its input, nothing of a terminal; a lock, the platform, an archive, the server in the
    // background with its port in a file.
    private const string Bootstrap = """
        set -e
        echo "running on $(uname -s) $(uname -m) as $(id -un)"
        for program in tar gzip flock ps curl sed; do command -v $program > /dev/null; done
        mkdir -p ~/.vscode-server/bin/abc
        exec 8>~/.vscode-server/.lock
        flock -n 8
        cd ~/.vscode-server/bin/abc
        base64 -d <<'ARCHIVE' | tar -xz --strip-components=1 --no-same-owner
        @ARCHIVE@
        ARCHIVE
        ./server.sh > .log 2>&1 < /dev/null &
        echo "$!" > .pid
        for i in $(seq 100); do if grep -q 'listening on' .log; then break; fi; sleep 0.1; done
        echo "agent: $(sed -n 's/.*listening on //p' .log)"
        test -d /proc/$(cat .pid)
        flock -u 8
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_editors_server_is_unpacked_and_started_and_reached_through_a_socks_proxy_after_the_session()
    {
        var directory = environment.Store.NewProject("editor");
        Directory.CreateDirectory(Path.Combine(directory, "server"));
        await File.WriteAllTextAsync(
            Path.Combine(directory, "server/server.sh"),
            """
            #!/bin/sh
            exec python3 -c '
            import http.server
            class Answer(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200); self.end_headers(); self.wfile.write(b"editor server of trainer")
                def log_message(self, *words): pass
            server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
            print("listening on", server.server_port, flush=True)
            server.serve_forever()
            '
            """,
            Cancellation
        );
        File.SetUnixFileMode(Path.Combine(directory, "server/server.sh"), (UnixFileMode)0b111_101_101);
        (await HostProgram.RunAsync("tar", ["-czf", "server.tgz", "server"], Cancellation, directory)).Succeeded();
        var archive = Convert.ToBase64String(await File.ReadAllBytesAsync(Path.Combine(directory, "server.tgz"), Cancellation));

        var bash = await SshAsync(["-T", Host, "bash"], Bootstrap.Replace("@ARCHIVE@", archive, StringComparison.Ordinal) + "\n");

        bash.Succeeded().Printed("running on Linux x86_64 as trainer");
        var port = bash.Output.Split("agent: ")[1].Split('\n')[0];
        Assert.True(int.TryParse(port, out _), bash.Transcript);
        try
        {
            // The session is over; the server must go on, and the editor asks it through ssh -D.
            var proxy = LoopbackPort.Free();
            using var forwarding = HostProgram.Start(
                HostProgram.Require("ssh"),
                [.. Options, "-v", "-N", "-o", "ExitOnForwardFailure=yes", "-D", $"127.0.0.1:{proxy}", Host]
            );
            try
            {
                await SaysAsync(forwarding.StandardError, "Entering interactive session");
                using var handler = new SocketsHttpHandler { Proxy = new WebProxy($"socks5://127.0.0.1:{proxy}") };
                using var client = new HttpClient(handler);
                Assert.Equal("editor server of trainer", await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation));
            }
            finally
            {
                forwarding.Kill();
                await forwarding.WaitForExitAsync(CancellationToken.None);
            }
        }
        finally
        {
            (await SshAsync([Host, "kill $(cat ~/.vscode-server/bin/abc/.pid)"])).Succeeded();
        }
    }

    [Fact]
    public async Task An_agent_is_forwarded_to_the_session_that_asks_for_it()
    {
        var directory = environment.Store.NewProject("agent");
        HostProgram.Require("ssh-agent");
        var key = Path.Combine(directory, "key");
        (
            await HostProgram.RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "carried along", "-f", key], Cancellation)
        ).Succeeded();
        // The agent of the test in the place of none.
        var options = string.Join(
            ' ',
            Options.Select(option => $"'{option.Replace("IdentityAgent=none", "IdentityAgent=SSH_AUTH_SOCK", StringComparison.Ordinal)}'")
        );

        var listed = await HostProgram.RunAsync(
            "ssh-agent",
            ["sh", "-c", $"ssh-add -q '{key}' && ssh {options} -A {Host} ssh-add -l"],
            Cancellation,
            patience: TimeSpan.FromMinutes(1)
        );

        listed.Succeeded().Printed("carried along");
        Assert.NotEqual(0, (await SshAsync([Host, "ssh-add -l"])).ExitCode);
    }

    [Fact]
    public async Task Rsync_carries_a_tree_and_then_only_what_changed()
    {
        var directory = environment.Store.NewProject("synced");
        await File.WriteAllTextAsync(Path.Combine(directory, "daten ü.txt"), "one", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(directory, "same"), "same", Cancellation);
        string[] arguments =
        [
            "-ai",
            "-e",
            "ssh " + string.Join(' ', Options.Select(option => $"'{option}'")),
            directory + "/",
            $"{Host}:/workspace/data/synced/",
        ];

        (await HostProgram.RunAsync(HostProgram.Require("rsync"), arguments, Cancellation, patience: TimeSpan.FromMinutes(1))).Succeeded();
        await File.WriteAllTextAsync(Path.Combine(directory, "daten ü.txt"), "changed", Cancellation);
        var again = await HostProgram.RunAsync("rsync", arguments, Cancellation, patience: TimeSpan.FromMinutes(1));

        Assert.Single(again.Succeeded().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => line.StartsWith('<'));
        Assert.Equal("changed", await File.ReadAllTextAsync(Path.Combine(environment.Project, "data/synced/daten ü.txt"), Cancellation));
    }

    [Fact]
    public async Task What_runs_in_tmux_outlives_the_terminal_and_is_found_again()
    {
        string[] command = ["ssh", environment.Report.Name, "-t", "tmux", "new", "-A", "-s", "work"];
        using (var first = PseudoTerminal.Start(environment.Store, environment.Project, 24, 80, command))
        {
            await first.ShowsAsync("work", Cancellation);
            first.Type("kept=7; echo set $kept here\r");
            await first.ShowsAsync("set 7 here", Cancellation);
            first.Close();
        }

        using var second = PseudoTerminal.Start(environment.Store, environment.Project, 24, 80, command);
        await second.ShowsAsync("set 7 here", Cancellation);
        second.Type("echo found $kept and $(command -v python3)\r");
        await second.ShowsAsync("found 7 and /opt/project/bin/python3", Cancellation);
        second.Type("exit\r");
        await second.EndAsync(Cancellation);
    }

    private static string Host => "trainer@127.0.0.1";

    // Nothing of the tester's own: no configuration, no agent, no known hosts.
    private string[] Options =>
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
            "-i",
            environment.Report.SshKey,
            "-p",
            environment.Report.SshPort,
        ];

    private Task<ProgramOutput> SshAsync(string[] arguments, string input = "") =>
        HostProgram.RunAsync(
            HostProgram.Require("ssh"),
            [.. Options, .. arguments],
            Cancellation,
            input: input,
            patience: TimeSpan.FromMinutes(1)
        );

    private static async Task SaysAsync(StreamReader from, string text)
    {
        while (await from.ReadLineAsync(Cancellation) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"'{text}' was never said");
    }
}

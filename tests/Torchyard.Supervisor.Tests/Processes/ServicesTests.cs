using System.Net.Sockets;
using Torchyard.Testing.Loopback;

namespace Torchyard.Supervisor.Tests.Processes;

public sealed class ServicesTests
{
    [Fact]
    public async Task A_service_that_ends_is_started_again()
    {
        using var supervisor = new SupervisorProcess();
        supervisor.Services(
            $$"""
            { "name": "a", "command": ["sh", "-c", "echo run >> {{supervisor.Path(
                "runs"
            )}}; exit 3"], "restart": { "firstDelaySeconds": 0.01, "longestDelaySeconds": 0.02 } }
            """
        );
        supervisor.Start();

        await supervisor.FileAsync("runs", text => text.Split('\n').Length > 3);
        supervisor.Signal("TERM");

        Assert.Equal(0, (await supervisor.EndAsync()).Code);
        Assert.Contains("a: ended with exit code 3", supervisor.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_goes_to_the_log_of_the_service_and_can_be_asked_for_and_followed()
    {
        using var supervisor = new SupervisorProcess();
        supervisor.Services(
            $$"""{ "name": "a", "command": ["sh", "-c", "echo one; echo two >&2; while [ ! -e {{supervisor.Path("go")}} ]; do sleep 0.02; done; echo three; exec sleep 60"] }"""
        );
        supervisor.Start();
        await supervisor.FileAsync("log/a.log", text => text == "one\ntwo\n");

        using var socket = await supervisor.ConnectAsync();
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(
            """{"op":"logs","service":"a","lines":1,"follow":true}"""u8.ToArray().Append((byte)'\n').ToArray(),
            TestContext.Current.CancellationToken
        );
        using var reader = new StreamReader(stream);
        Assert.Equal("""{"ok":true}""", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal("""{"line":"two"}""", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        await File.WriteAllTextAsync(supervisor.Path("go"), "", TestContext.Current.CancellationToken);
        Assert.Equal("""{"line":"three"}""", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Services_start_after_those_they_need_and_stop_before_them()
    {
        using var supervisor = new SupervisorProcess();
        var order = supervisor.Path("order");
        supervisor.Services(
            $$"""
            { "name": "first", "command": ["sh", "-c", "trap 'echo -first >> {{order}}; exit' TERM; echo +first >> {{order}}; : > {{supervisor.Path(
                "up"
            )}}; while :; do sleep 0.02; done"],
              "ready": { "kind": "file", "path": "{{supervisor.Path("up")}}" } },
            { "name": "second", "after": ["first"], "command": ["sh", "-c", "trap 'echo -second >> {{order}}; exit' TERM; echo +second >> {{order}}; while :; do sleep 0.02; done"] }
            """
        );
        supervisor.Start();
        await supervisor.FileAsync("order", text => text.Contains("+second", StringComparison.Ordinal));

        supervisor.Signal("TERM");

        Assert.Equal(0, (await supervisor.EndAsync()).Code);
        Assert.Equal("+first\n+second\n-second\n-first\n", await File.ReadAllTextAsync(order, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_command_with_a_service_ends_the_container_and_stops_the_service()
    {
        using var supervisor = new SupervisorProcess();
        supervisor.Services(
            $$"""{ "name": "a", "command": ["sh", "-c", "trap 'echo stopped > {{supervisor.Path("end")}}; exit' TERM; : > {{supervisor.Path("up")}}; while :; do sleep 0.02; done"] }"""
        );
        supervisor.Environment["TORCHYARD_SERVICES"] = "a";

        supervisor.Start("sh", "-c", $"while [ ! -e {supervisor.Path("up")} ]; do sleep 0.02; done; exit 5");

        Assert.Equal(5, (await supervisor.EndAsync()).Code);
        Assert.Equal("stopped\n", await File.ReadAllTextAsync(supervisor.Path("end"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Control_stops_starts_and_restarts_a_service()
    {
        using var supervisor = new SupervisorProcess();
        // Stopped and then alone, the container would end: another service keeps it.
        supervisor.Services("""{ "name": "a", "command": ["sleep", "600"] }, { "name": "other", "command": ["sleep", "600"] }""");
        supervisor.Start();
        var first = (await supervisor.ServiceAsync("a", "ready")).GetProperty("pid").GetInt32();

        Assert.True((await supervisor.AskAsync("""{"op":"stop","service":"a"}""")).GetProperty("ok").GetBoolean());
        Assert.False((await supervisor.ServiceAsync("a", "stopped")).TryGetProperty("pid", out _));

        await supervisor.AskAsync("""{"op":"start","service":"a"}""");
        var second = (await supervisor.ServiceAsync("a", "ready")).GetProperty("pid").GetInt32();
        Assert.NotEqual(first, second);

        await supervisor.AskAsync("""{"op":"restart","service":"a"}""");
        await supervisor.UntilAsync("another process", async () =>
        {
            var service = await supervisor.ServiceAsync("a", "ready");
            return service.GetProperty("pid").GetInt32() != second ? service : null;
        });
    }

    [Fact]
    public async Task A_service_on_a_taken_port_says_so_and_tries_again()
    {
        using var listener = LoopbackPort.Taken(out var port);
        using var supervisor = new SupervisorProcess();
        supervisor.Services($$"""{ "name": "web", "command": ["sleep", "600"], "port": {{port}}, "ready": { "kind": "tcp" } }""");
        supervisor.Start();

        var service = await supervisor.ServiceAsync("web", "back-off");

        Assert.Contains(
            $"cannot listen on 127.0.0.1 port {port}: Address already in use",
            service.GetProperty("message").GetString(),
            StringComparison.Ordinal
        );
        Assert.Contains("TORCHYARD_WEB_PORT", service.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_zero_is_a_free_port_that_the_service_and_the_status_name()
    {
        using var supervisor = new SupervisorProcess();
        supervisor.Services(
            $$"""{ "name": "web", "command": ["sh", "-c", "echo $0 > {{supervisor.Path("port")}}; exec sleep 600", "${port}"], "port": 0 }"""
        );
        supervisor.Start();

        var service = await supervisor.ServiceAsync("web", "ready");

        var port = service.GetProperty("port").GetInt32();
        Assert.InRange(port, 1024, 65535);
        Assert.Equal($"{port}\n", await supervisor.FileAsync("port", text => text.Length > 0));
    }

    [Fact]
    public async Task Without_a_place_for_logs_services_write_to_standard_output()
    {
        using var supervisor = new SupervisorProcess();
        supervisor.Environment["TORCHYARD_LOG_DIR"] = "/proc/no";
        supervisor.Services("""{ "name": "a", "command": ["echo", "hello"], "restart": { "policy": "never" } }""");
        supervisor.Start();

        Assert.Equal((0, "hello\n"), await supervisor.EndAsync());
        Assert.Contains("services write to standard output", supervisor.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_program_that_exists_is_started_and_none_is_a_lasting_failure()
    {
        using var supervisor = new SupervisorProcess();
        supervisor.Services(
            """
            { "name": "a", "command": ["x", "hello"], "programs": ["/no/such", "/bin/echo", "/bin/false"], "restart": { "policy": "never" } },
            { "name": "b", "command": ["x"], "programs": ["/no/such"] }
            """
        );
        supervisor.Start();

        Assert.Equal(1, (await supervisor.EndAsync()).Code);
        Assert.Equal("hello\n", await File.ReadAllTextAsync(supervisor.Path("log/a.log"), TestContext.Current.CancellationToken));
        Assert.Contains("b: the image has none of /no/such", supervisor.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hostile_clients_harm_nobody()
    {
        using var supervisor = new SupervisorProcess();
        supervisor.Services("""{ "name": "a", "command": ["sleep", "600"] }""");
        supervisor.Start();
        await supervisor.ServiceAsync("a", "ready");
        var random = new Random(7);
        for (var i = 0; i < 50; i++)
        {
            using var socket = await supervisor.ConnectAsync();
            var bytes = new byte[random.Next(1, 40_000)];
            random.NextBytes(bytes);
            try
            {
                await socket.SendAsync(bytes, TestContext.Current.CancellationToken);
            }
            catch (SocketException)
            {
                // Cut off for sending too much without a line end.
            }
        }

        Assert.True((await supervisor.AskAsync("""{"op":"status"}""")).GetProperty("ready").GetBoolean());
        Assert.Contains(
            "is not known",
            (await supervisor.AskAsync("""{"op":"explode"}""")).GetProperty("error").GetString(),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "no service 'b'",
            (await supervisor.AskAsync("""{"op":"stop","service":"b"}""")).GetProperty("error").GetString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_health_check_of_engines_tells_ready_from_not_ready()
    {
        using var supervisor = new SupervisorProcess();
        supervisor.Services(
            $$"""{ "name": "a", "command": ["sleep", "600"], "ready": { "kind": "file", "path": "{{supervisor.Path("up")}}" } }"""
        );
        supervisor.Start();
        await supervisor.ServiceAsync("a", "starting");
        Assert.Equal(1, await HealthAsync(supervisor));

        await File.WriteAllTextAsync(supervisor.Path("up"), "", TestContext.Current.CancellationToken);
        await supervisor.ServiceAsync("a", "ready");
        Assert.Equal(0, await HealthAsync(supervisor));
    }

    [Fact]
    public async Task A_service_that_ignores_its_stop_signal_is_killed()
    {
        using var supervisor = new SupervisorProcess();
        supervisor.Services(
            $$"""{ "name": "a", "command": ["sh", "-c", "trap '' TERM; : > {{supervisor.Path("up")}}; while :; do sleep 0.02; done"], "stop": { "timeoutSeconds": 0.2 } }"""
        );
        supervisor.Start();
        await supervisor.FileAsync("up", _ => File.Exists(supervisor.Path("up")));

        supervisor.Signal("TERM");

        Assert.Equal(0, (await supervisor.EndAsync()).Code);
        Assert.Contains("a: did not stop within 0.2 s, killing it", supervisor.Errors, StringComparison.Ordinal);
    }

    private static async Task<int> HealthAsync(SupervisorProcess supervisor)
    {
        using var check = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(SupervisorProcess.Program, ["--healthcheck"])
            {
                Environment = { ["TORCHYARD_RUN_DIR"] = supervisor.Path("run") },
            }
        )!;
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);
        return check.ExitCode;
    }
}

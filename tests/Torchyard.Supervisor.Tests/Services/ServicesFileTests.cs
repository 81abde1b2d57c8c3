using System.Text;
using CsCheck;
using Torchyard.Supervisor.Services;

namespace Torchyard.Supervisor.Tests.Services;

public sealed class ServicesFileTests
{
    private const string Whole = """
        { "version": 1, "services": [
          { "name": "db", "command": ["/bin/db"], "log": { "maximumBytes": 4096, "files": 2 } },
          { "name": "web", "kind": "command", "command": ["web", "${port}"], "environment": { "A": "b" }, "directory": "/srv",
            "listen": "0.0.0.0", "port": 80, "after": ["db"],
            "ready": { "kind": "http", "path": "/up", "timeoutSeconds": 2.5, "intervalSeconds": 1, "failures": 2 },
            "restart": { "policy": "on-failure", "firstDelaySeconds": 0.5, "longestDelaySeconds": 4, "maximum": 3 },
            "stop": { "signal": "SIGINT", "timeoutSeconds": 7 } } ] }
        """;

    private static IReadOnlyList<ServiceDefinition> Parse(string json) => ServicesFile.Parse(Encoding.UTF8.GetBytes(json), "services.json");

    [Fact]
    public void Every_member_is_read()
    {
        var services = Parse(Whole);

        Assert.Equal((4096, 2), (services[0].LogBytes, services[0].LogFiles));
        var web = services[1];
        Assert.Equal(["web", "${port}"], web.Command);
        Assert.Equal("b", web.Environment["A"]);
        Assert.Equal(("/srv", "0.0.0.0", 80), (web.Directory, web.Listen, web.Port));
        Assert.Equal(
            (ProbeKind.Http, "/up", 2.5, 1, 2),
            (web.Ready.Kind, web.Ready.Path, web.Ready.ReadyTimeout.TotalSeconds, web.Ready.Interval.TotalSeconds, web.Ready.Failures)
        );
        Assert.Equal(
            (RestartPolicy.OnFailure, 0.5, 4, 3),
            (web.Restart, web.FirstDelay.TotalSeconds, web.LongestDelay.TotalSeconds, web.MaximumRestarts)
        );
        Assert.Equal((2, 7), (web.StopSignal, web.StopTimeout.TotalSeconds));
        Assert.Equal(["db"], web.After);
    }

    [Theory]
    [InlineData("""{ "version": 2, "services": [] }""", "services.json: \"version\" must be 1")]
    [InlineData(
        """{ "version": 1, "services": [ { "name": "a", "command": ["a"], "restrat": {} } ] }""",
        "services.json: services[0].restrat is not known"
    )]
    [InlineData("""{ "version": 1, "services": [ { "name": "a" } ] }""", "services.json: services[0].command is missing or empty")]
    [InlineData(
        """{ "version": 1, "services": [ { "name": "../a", "command": ["a"] } ] }""",
        "services.json: '../a' is not a service name (letters, digits, '-' and '_', at most 64)"
    )]
    [InlineData(
        """{ "version": 1, "services": [ { "name": "a", "command": ["a"], "after": ["b"] } ] }""",
        "services.json: service 'a' starts after 'b', which is not listed before it"
    )]
    [InlineData(
        """{ "version": 1, "services": [ { "name": "a", "command": ["a"], "port": 70000 } ] }""",
        "services.json: services[0].port is not a whole number from 0 to 65535"
    )]
    [InlineData(
        """{ "version": 1, "services": [ { "name": "a", "command": ["a"], "stop": { "signal": "SIGX" } } ] }""",
        "services.json: services[0].stop.signal: 'SIGX' is not a signal"
    )]
    [InlineData(
        """{ "version": 1, "services": [ { "name": "a", "command": ["a\u0000b"] } ] }""",
        "services.json: services[0].command is not an array of strings"
    )]
    [InlineData("{\n\"version\" 1}", "services.json:2:11: not valid JSON")]
    public void A_mistake_is_named_with_its_place(string json, string message) =>
        Assert.Equal(message, Assert.Throws<ServicesFileException>(() => Parse(json)).Message);

    [Fact]
    public void Any_damage_is_an_error_of_the_file_and_nothing_else() =>
        Gen.Select(Gen.Int[0, Whole.Length - 1], Gen.Char[' ', '~'], Gen.Int[0, 5])
            .Sample(
                (at, with, cut) =>
                {
                    var damaged = Whole[..at] + with + Whole[Math.Min(Whole.Length, at + cut)..];
                    try
                    {
                        return Parse(damaged).Count <= 2;
                    }
                    catch (ServicesFileException)
                    {
                        return true;
                    }
                }
            );
}

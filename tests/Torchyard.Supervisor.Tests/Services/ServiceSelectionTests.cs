using Torchyard.Supervisor.Services;
using Torchyard.Supervisor.Supervision;

namespace Torchyard.Supervisor.Tests.Services;

public sealed class ServiceSelectionTests
{
    private static readonly ServiceDefinition[] All =
    [
        new() { Name = "db", Command = ["db"] },
        new()
        {
            Name = "jupyter",
            Command = ["j"],
            Port = 8888,
            After = ["db"],
        },
        new()
        {
            Name = "ssh",
            Command = ["s"],
            Port = 2222,
        },
    ];

    private static string[] Names(bool hasCommand, string? services) =>
        [
            .. ServiceSelection
                .Choose(All, services is null ? [] : new Dictionary<string, string> { ["TORCHYARD_SERVICES"] = services }, hasCommand)
                .Select(service => service.Name),
        ];

    [Theory]
    [InlineData(false, null, "db jupyter ssh")]
    [InlineData(true, null, "")]
    [InlineData(true, "all", "db jupyter ssh")]
    [InlineData(false, "none", "")]
    [InlineData(false, "", "")]
    [InlineData(true, "ssh", "ssh")]
    [InlineData(false, "ssh, jupyter", "db jupyter ssh")]
    public void A_command_runs_alone_unless_services_are_named(bool hasCommand, string? services, string expected) =>
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), Names(hasCommand, services));

    [Fact]
    public void A_service_that_does_not_exist_is_an_error_that_names_those_that_do() =>
        Assert.Equal(
            "TORCHYARD_SERVICES names 'web', the image has: db, jupyter, ssh",
            Assert.Throws<UsageException>(() => Names(false, "web")).Message
        );

    [Fact]
    public void Variables_set_port_and_address()
    {
        var chosen = ServiceSelection.Choose(
            All,
            new Dictionary<string, string> { ["TORCHYARD_JUPYTER_PORT"] = "0", ["TORCHYARD_SSH_LISTEN"] = "::" },
            hasCommand: false
        );

        Assert.Equal((0, "127.0.0.1"), (chosen[1].Port, chosen[1].Listen));
        Assert.Equal((2222, "::"), (chosen[2].Port, chosen[2].Listen));
    }

    [Theory]
    [InlineData("TORCHYARD_SSH_PORT", "ssh")]
    [InlineData("TORCHYARD_SSH_PORT", "65536")]
    [InlineData("TORCHYARD_SSH_PORT", "-1")]
    [InlineData("TORCHYARD_SSH_LISTEN", "example.org")]
    public void A_wrong_variable_is_an_error(string name, string value) =>
        Assert.Contains(
            name,
            Assert
                .Throws<UsageException>(() => ServiceSelection.Choose(All, new Dictionary<string, string> { [name] = value }, false))
                .Message,
            StringComparison.Ordinal
        );
}
